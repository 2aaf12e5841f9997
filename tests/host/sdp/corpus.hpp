// Descriptions that several tests read: published examples and one that holds every construct.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace causeway::sdp {

// Every line type and the awkward values: session and media level of all that may stand at both.
inline constexpr std::string_view every_construct =
    "v=0\r\n"
    "o=jdoe 3724394400 18446744073709551615 IN IP6 2001:db8::1\r\n"
    "s= \r\n"
    "i=A seminar: on a=sendonly\r\n"
    "u=http://www.example.com/seminars/sdp.pdf\r\n"
    "e=j.doe@example.com (Jane Doe)\r\n"
    "p=+1 617 555-6011\r\n"
    "c=IN IP4 233.252.0.1/127/3\r\n"
    "b=AS:128\r\n"
    "b=X-YZ:64\r\n"
    "t=3724394400 3724398000\r\n"
    "r=604800 3600 0 90000\r\n"
    "t=3724484400 3724488000\r\n"
    "z=3730928400 -1h 3749680800 0\r\n"
    "k=prompt\r\n"
    "a=group:BUNDLE a v\r\n"
    "a=recvonly\r\n"
    "a=unknown:with: colons =and= signs \r\n"
    "a=flag\r\n"
    "m=audio 49170/2 RTP/AVP 0 96 101\r\n"
    "i=Microphone\r\n"
    "c=IN IP6 2001:db8::2\r\n"
    "b=AS:64\r\n"
    "k=clear:xyz\r\n"
    "a=mid:a\r\n"
    "a=rtpmap:96 L16/44100/2\r\n"
    "a=x-later:\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
    "a=fmtp:101 0-16\r\n"
    "a=ptime:30\r\n"
    "a=sendonly\r\n"
    "m=video 0 RTP/SAVPF 31\r\n"
    "m=image 49180 udptl t38\r\n"
    "a=T38FaxVersion:0\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
    "c=IN IP4 media.example.com\r\n";

// RFC 4317 2.1, Alice's offer.
inline constexpr std::string_view rfc4317_offer =
    "v=0\r\n"
    "o=alice 2890844526 2890844526 IN IP4 host.atlanta.example.com\r\n"
    "s=\r\n"
    "c=IN IP4 host.atlanta.example.com\r\n"
    "t=0 0\r\n"
    "m=audio 49170 RTP/AVP 0 8 97\r\n"
    "a=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:97 iLBC/8000\r\n"
    "m=video 51372 RTP/AVP 31 32\r\n"
    "a=rtpmap:31 H261/90000\r\n"
    "a=rtpmap:32 MPV/90000\r\n";

// RFC 4568 9.x style: keys on the lines.
inline constexpr std::string_view secured =
    "v=0\r\n"
    "o=sam 2890844526 2890842807 IN IP4 192.0.2.5\r\n"
    "s=SRTP Discussion\r\n"
    "c=IN IP4 192.0.2.5\r\n"
    "t=2873397496 2873404696\r\n"
    "m=audio 49170 RTP/SAVP 0\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20\r\n"
    "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj|2^20|1:32\r\n";

inline const std::vector<std::string_view> corpus = {every_construct, rfc4317_offer, secured};

}  // namespace causeway::sdp
