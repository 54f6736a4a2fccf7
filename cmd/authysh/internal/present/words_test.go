package present

import (
	"testing"
	"time"
)

func TestInWords(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000000, 0)
	for _, tt := range []struct {
		ago  time.Duration
		want string
	}{
		{0, "just now"}, {time.Second, "1 second ago"}, {59 * time.Second, "59 seconds ago"}, {time.Minute, "1 minute ago"},
		{-2 * time.Minute, "in 2 minutes"}, {119 * time.Minute, "1 hour ago"}, {36 * time.Hour, "1 day ago"},
		{-30 * 24 * time.Hour, "in 30 days"}, {31 * 24 * time.Hour, "1 month ago"}, {800 * 24 * time.Hour, "2 years ago"},
	} {
		if got := inWords(now.Add(-tt.ago), now); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.ago, got, tt.want)
		}
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 5, []string{""}},
		{"one two", 0, []string{"one two"}},
		{"one two three", 7, []string{"one two", "three"}},
		{"abcdefgh i", 3, []string{"abc", "def", "gh", "i"}},
		{"一二三", 3, []string{"一", "二", "三"}},
		{"一", 1, []string{"一"}},
		{"a\nb", 5, []string{"a", "b"}},
	} {
		got := wrap(tt.text, tt.width)
		if len(got) != len(tt.want) {
			t.Errorf("wrap(%q, %d) = %q, want %q", tt.text, tt.width, got, tt.want)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("wrap(%q, %d) = %q, want %q", tt.text, tt.width, got, tt.want)
			}
		}
	}
}
