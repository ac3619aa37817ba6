module gatewatch

go 1.26.0
