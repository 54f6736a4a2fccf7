package luabind

import "time"

// PluginLimits are how much a plugin may use. The zero value of each means the default.
type PluginLimits struct {
	// HookTime is how long a hook may take, waiting included; 2s by default. OperationTime is that of an operation or
	// format; 30s by default. The time in which a plugin only computes is bounded by Steps too.
	HookTime, OperationTime time.Duration
	// Steps are how many instructions a hook may run, and ten times as many an operation; a million by default.
	Steps int
	// Memory is how many bytes of values a plugin may keep, and the texts that it may make in one go; 64 MiB by default.
	Memory int64
}

func (l PluginLimits) orDefaults() PluginLimits {
	for value, otherwise := range map[*time.Duration]time.Duration{&l.HookTime: 2 * time.Second, &l.OperationTime: 30 * time.Second} {
		if *value <= 0 {
			*value = otherwise
		}
	}
	if l.Steps <= 0 {
		l.Steps = 1_000_000
	}
	if l.Memory <= 0 {
		l.Memory = 64 << 20
	}
	return l
}

// operationLead is how many times the steps of a hook an operation has.
const operationLead = 10
