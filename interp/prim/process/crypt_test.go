package process

import "testing"

// TestCrypt compares with what the GNU C library gives.
func TestCrypt(t *testing.T) {
	for _, c := range []struct{ password, salt, want string }{
		{"Hello world!", "$5$saltstring", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"},
		{"Hello world!", "$6$saltstring", "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"},
		{"Hello world!", "$5$rounds=1400$anotherlongsaltstring", "$5$rounds=1400$anotherlongsalts$3qrvGONjJLD3nbbdMqiPU3HEkZj9mKxTAR68T172Rv9"},
		{"a", "$6$rounds=10$roundstoolow", "$6$rounds=1000$roundstoolow$oIV5bgCNA.rU2Q7YjaL7WLTvU1X.dbTXWNrKFqCpWVh01SO02.zNb9Br3ghH5ZLObKkJiRBTLQ4GUEcYCcCWB/"},
	} {
		if got, ok := shaCrypt(c.password, c.salt); !ok || got != c.want {
			t.Errorf("%s: %s, want %s", c.salt, got, c.want)
		}
	}
	if _, ok := shaCrypt("x", "$1$a"); ok {
		t.Error("an unknown method is accepted")
	}
}
