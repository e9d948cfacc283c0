package verifier

// asked is who is asked, as results and records name it: the organisation as its certificate does, or an address.
func (o *Verifier) asked() string {
	if o.cfg.Validation != "" {
		return "akashi:" + string(o.cfg.Validation)
	}
	return o.cfg.OCSPURL
}
