package org_test

import (
	"testing"

	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

func TestMain(m *testing.M) { webuitest.Main(m) }
