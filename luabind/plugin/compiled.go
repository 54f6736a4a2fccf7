package plugin

// Compiled gives what compile makes of one of the plugin's Lua files, which is done once: the text of a source never
// changes, and hosts start many runtimes with the same plugins. What compile gives must be fit to be used by several of them
// at the same time. An error is not kept. It may be called by several goroutines.
func (s *Source) Compiled(file string, compile func() (any, error)) (any, error) {
	if made, ok := s.compiled.Load(file); ok {
		return made, nil
	}
	made, err := compile()
	if err != nil {
		return nil, err
	}
	made, _ = s.compiled.LoadOrStore(file, made)
	return made, nil
}
