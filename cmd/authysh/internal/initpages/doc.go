// Package initpages gives back the memory of the program's file that only its initialization needed.
//
// To initialize a hundred packages, Linux maps 64 KiB of code and constants around every function that runs, which comes to
// half of what the process occupies. They stay in the system's cache, from where those that are needed again come at once.
package initpages
