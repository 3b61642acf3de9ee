package interp

// FromCache reports whether a module's file was brought in from the cache.
func FromCache(e *Engine, module string) bool { return e.cache != nil && e.cache.hits[module] }
