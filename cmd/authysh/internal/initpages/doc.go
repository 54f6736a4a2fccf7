// Package initpages gives back the memory of the program's code that only its initialization needed.
//
// To initialize some hundred packages, Linux maps 64 KiB of code around every function that runs, and so nearly all of it. It
// stays in the system's cache, from where what is needed again comes at once.
package initpages
