// Package model holds what is modelled of the issue of a document (証明書の発行のモデル), in Promela: issue.pml goes from the application at the
// counter to the hands of who asked, print.pml from the row of a job to the paper. Spin goes through every order in which the steps can
// happen, with crashes between them. README.md says which step stands for which function, and what is left out.
//
// Nothing comes in and nothing goes out: it is a test of the design, and no part of the program.
package model
