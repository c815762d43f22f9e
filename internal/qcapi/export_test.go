package qcapi

// FromForm is fromForm, for the tests.
var FromForm = fromForm

// Paths lists every endpoint, for the tests.
func (s *Server) Paths() []string { return sortedKeys(s.routes) }
