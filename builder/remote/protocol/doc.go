// Package protocol is the language that two programs called fruix speak over one
// connection, such as the standard input and output of ssh: to have builds
// carried out on the other side, and to exchange store objects.
//
// First each side writes a greeting, one line, and reads the other's; neither
// waits. It holds the versions that a side speaks; the greatest that both do is
// spoken, and when there is none the connection ends there. See [Hello].
//
// Then the connection is HTTP/2 (RFC 9113) in the clear, the side that connected
// being the client. HTTP/2 is what multiplexes: each build, question and
// transfer is a stream of its own, with a window of its own, so that none holds
// up another; a stream can be ended without the others; pings tell a quiet
// connection from a dead one.
//
//	POST /lack     which of these objects are not there?
//	               names -> names
//	POST /import   objects -> for each, in order, whether it is there now
//	POST /build    a request (package plan), as JSON -> what the build says,
//	               and its outputs
//	POST /cancel   ends the build with the number in ?build=; its stream says
//	               when nothing of it runs any more
//	POST /closure  names -> what is known of these objects and all they need
//	POST /export   names -> objects
//	GET  /status   -> how the machine is, as JSON
//
// Names are base names of store objects, one a line. Names and requests go as one
// text (see [WriteText]); everything else as messages (see [Writer]).
package protocol
