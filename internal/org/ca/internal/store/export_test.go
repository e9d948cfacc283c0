package store

// SelectFigures is the count of the figures, for tests.
const SelectFigures = selectFigures
