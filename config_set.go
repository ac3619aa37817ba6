package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

func wrongType(v any, want string) error {
	var name string
	switch v.(type) {
	case string:
		name = "a text"
	case int64:
		name = "a whole number"
	case float64:
		name = "a number"
	case bool:
		name = "true or false"
	case []any:
		name = "a list"
	case map[string]any:
		name = "a table"
	default:
		name = "a date"
	}
	return fmt.Errorf("it is %s, but must be %s", name, want)
}

func setString(dst *string, v any) error {
	s, ok := v.(string)
	if !ok {
		return wrongType(v, `a text in quotes`)
	}
	*dst = s
	return nil
}

// variableName is what a variable may be called.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// setVariable reads the name of the variable that holds a secret. What is none
// may be the secret itself, so that no error shows it.
func setVariable(dst *string, v any, secret string) error {
	if err := setString(dst, v); err != nil {
		return err
	}
	if !variableName.MatchString(*dst) {
		return fmt.Errorf("it must be the name of a variable, such as GATEWAY_TOKEN; the secret itself belongs into %s", secret)
	}
	return nil
}

func setBool(dst *bool, v any) error {
	b, ok := v.(bool)
	if !ok {
		return wrongType(v, "true or false")
	}
	*dst = b
	return nil
}

func setStrings(dst *[]string, v any) error {
	list, ok := v.([]any)
	if !ok {
		return wrongType(v, `a list of texts such as ["pass", "show", "gateway"]`)
	}
	for _, x := range list {
		s, ok := x.(string)
		if !ok {
			return wrongType(x, "a text in quotes, as every argument")
		}
		*dst = append(*dst, s)
	}
	if len(*dst) == 0 {
		return errors.New("it is empty; it must name a program")
	}
	return nil
}

func setOneOf(dst *string, v any, all []string) error {
	var s string
	if err := setString(&s, v); err != nil {
		return err
	}
	if !slices.Contains(all, s) {
		return fmt.Errorf("%q is none of %s", s, strings.Join(all, ", "))
	}
	*dst = s
	return nil
}

// setDuration reads a time such as "5s", at least least.
func setDuration(dst *time.Duration, v any, least time.Duration) error {
	s, ok := v.(string)
	if !ok {
		return wrongType(v, `a time in quotes such as "5s"`)
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf(`%q is no time; write it like "5s" or "1m30s"`, s)
	}
	if d < least {
		return fmt.Errorf("%s is too short; at least %s", d, least)
	}
	*dst = d
	return nil
}

// setInterval is setDuration for an interval: 0 switches the source off.
func setInterval(dst *time.Duration, v any) error {
	if s, ok := v.(string); ok {
		if d, err := time.ParseDuration(s); err == nil && d == 0 {
			*dst = 0
			return nil
		}
	}
	return setDuration(dst, v, 2*time.Second)
}
