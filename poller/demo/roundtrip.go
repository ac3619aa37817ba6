package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// RoundTrip serves a request in this process, for an http.Client without a
// network. It behaves as a connection does: a body arrives as it is written, a
// cancelled request ends the handler, a cut connection is an unexpected EOF.
// Like http.Transport with compression disabled, it neither asks for gzip nor
// undoes it.
func (s *Server) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	in := req.Clone(ctx)
	in.RequestURI = req.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:1"
	if in.Host == "" {
		in.Host = req.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	reader, writer := io.Pipe()
	w := &inProcess{header: http.Header{}, pipe: writer, ready: make(chan struct{})}
	go func() {
		defer cancel()
		defer func() { _ = in.Body.Close() }()
		err := s.serve(w, in)
		if err == nil {
			err = req.Context().Err()
		}
		w.finish(err)
	}()
	// The handler's own context ends with it; only the client's may cut the body
	// short.
	stop := context.AfterFunc(req.Context(), func() { writer.CloseWithError(req.Context().Err()) })
	select {
	case <-w.ready:
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	if w.err != nil {
		stop()
		return nil, w.err
	}
	resp := &http.Response{
		Status:        fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.sent,
		Body:          &inProcessBody{PipeReader: reader, closed: func() { stop(); cancel() }},
		ContentLength: w.length,
		Request:       req,
	}
	if w.length < 0 {
		resp.TransferEncoding = []string{"chunked"}
	}
	return resp, nil
}

// serve runs the handler. It gives an error if the connection is to be cut.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		p := recover()
		if cut, is := p.(error); is && errors.Is(cut, http.ErrAbortHandler) {
			err = io.ErrUnexpectedEOF
		} else if p != nil {
			panic(p)
		}
	}()
	s.ServeHTTP(w, r)
	return nil
}

// inProcessBody ends the handler when the client loses interest.
type inProcessBody struct {
	*io.PipeReader
	closed func()
}

func (b *inProcessBody) Close() error {
	b.closed()
	return b.PipeReader.Close()
}

// heldBack is how much of a body net/http keeps before it sends the header, so
// that short answers get a Content-Length.
const heldBack = 2048

// inProcess is the http.ResponseWriter of RoundTrip.
type inProcess struct {
	header, sent http.Header
	status       int
	length       int64 // of the body; -1 where it is not known beforehand
	held         []byte
	pipe         *io.PipeWriter
	ready        chan struct{} // closed when sent, length and err are final
	begun        bool
	err          error
}

func (w *inProcess) Header() http.Header { return w.header }

func (w *inProcess) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		w.sent = w.header.Clone()
	}
}

func (w *inProcess) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if !w.begun && len(w.held)+len(p) <= heldBack {
		w.held = append(w.held, p...)
		return len(p), nil
	}
	if err := w.begin(-1); err != nil {
		return 0, err
	}
	return w.pipe.Write(p)
}

// Flush sends what there is, as http.Flusher asks for.
func (w *inProcess) Flush() {
	w.WriteHeader(http.StatusOK)
	_ = w.begin(-1) // a client that has gone is seen by the next Write
}

// begin sends the header and what was held back.
func (w *inProcess) begin(length int64) error {
	if w.begun {
		return nil
	}
	w.begun = true
	w.length = length
	if n, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64); err == nil {
		w.length = n
	} else if length >= 0 {
		w.sent.Set("Content-Length", strconv.FormatInt(length, 10))
	}
	close(w.ready)
	if len(w.held) == 0 {
		return nil
	}
	_, err := w.pipe.Write(w.held)
	return err
}

// finish ends the body, well or with err.
func (w *inProcess) finish(err error) {
	if err != nil && !w.begun {
		w.begun = true
		w.err = err
		close(w.ready)
	}
	w.WriteHeader(http.StatusOK)
	_ = w.begin(int64(len(w.held))) // a client that has gone reads no more
	w.pipe.CloseWithError(err)
}
