//go:build tools

// Package strict pins the emulator whose analyser is Google's own.
package strict

import _ "github.com/goccy/bigquery-emulator/cmd/bigquery-emulator"
