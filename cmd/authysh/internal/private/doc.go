// Package private is the sandbox of --sandbox: a service inside of the process, and the module by which scripts play its users.
package private
