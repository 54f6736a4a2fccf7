// Package pace spreads the requests of many workers over time, and slows all of them down when the service pushes back.
package pace
