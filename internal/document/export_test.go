package document

// ShowingBlockOf is p with its block n replaced by that of another paper, under p's binding.
func (p Paper) ShowingBlockOf(other Paper, n int) Paper {
	p.values.Blocks = append(p.values.Blocks[:n:n], append(other.values.Blocks[n:n+1:n+1], p.values.Blocks[n+1:]...)...)
	return p
}
