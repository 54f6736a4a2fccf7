// Package journal records a batch run row by row, so that a run which died can go on where it stopped and nobody is
// texted twice.
//
// A journal is a file of JSON lines that is only added to. Its first line is a [Header], which says what was run over
// which source. Each later line is an event: a row was started, called the API, finished a step, is done. [Open] makes
// a journal or takes up one that exists, holds it locked, and knows what it says of each row. [Summarize] and [Rows]
// look at one without the lock, also while a run writes it; [Compact] drops what is no longer needed.
//
// # What is promised
//
// A call that may not be repeated is on the disk before [Entry.Call] returns, and everything that was recorded earlier
// with it. So whatever happens later, a row whose call may have gone out is known: it is [InDoubt] until an outcome is
// recorded. Every other record is queued, in order, and written within a fraction of a second. A row is in doubt only
// if it was at work when the run died.
//
// A power cut or kill can tear the last line. Opening the journal cuts that line off, and only that one.
//
// # Memory
//
// A row takes four bits, and eight more if the source has no fingerprint, so that a row whose key changed is noticed.
// A row that has steps and is not done takes some 60 bytes, and eight for each step. Results, errors and keys stay in
// the file, and are read back when asked for.
package journal
