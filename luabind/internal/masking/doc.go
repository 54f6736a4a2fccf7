// Package masking tells by the name of a field whether its value is a secret, which the log and the prompt do not show.
package masking
