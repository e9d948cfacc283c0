package ipp

// Operations (RFC 8011 section 5.4.15).
const (
	CreateJob            = 0x0005
	SendDocument         = 0x0006
	CancelJob            = 0x0008
	GetJobAttributes     = 0x0009
	GetJobs              = 0x000a
	GetPrinterAttributes = 0x000b
)

// Values of job-state (RFC 8011 section 5.3.7).
const (
	JobPending           = 3
	JobPendingHeld       = 4
	JobProcessing        = 5
	JobProcessingStopped = 6
	JobCanceled          = 7
	JobAborted           = 8
	JobCompleted         = 9
)

// PrinterStopped is the value of printer-state (RFC 8011 section 5.4.11) at which no job is taken up.
const PrinterStopped = 5

// Statuses that are told apart (RFC 8011 appendix B). Those below 0x0100 say that the request was done, from 0x0400 on that the request was
// wrong, from 0x0500 on that the printer failed.
const (
	StatusOK                   = 0x0000
	StatusNotAuthenticated     = 0x0402
	StatusNotPossible          = 0x0404
	StatusTimeout              = 0x0405
	StatusNotFound             = 0x0406
	StatusGone                 = 0x0407
	StatusInternalError        = 0x0500
	StatusServiceUnavailable   = 0x0502
	StatusNotAcceptingJobs     = 0x0506
	StatusBusy                 = 0x0507
	StatusMultipleDocumentJobs = 0x0509
)
