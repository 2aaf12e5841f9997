#include "tests/host/sip/torture_messages.hpp"

#include <algorithm>
#include <stdexcept>

namespace causeway::sip::torture {

namespace {

std::string with_crlf(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') out += '\r';
        out += c;
    }
    return out;
}

// The head with CRLF for each line feed, the empty line, the body; "@LENGTH" is replaced by the size of the
// body.
std::string message(std::string_view head, std::string_view body = {}) {
    std::string out = with_crlf(head) + "\r\n";
    if (const std::size_t at = out.find("@LENGTH"); at != std::string::npos)
        out.replace(at, 7, std::to_string(body.size()));
    return out.append(body);
}

std::string repeat(std::string_view text, int times) {
    std::string out;
    while (times-- > 0) out += text;
    return out;
}

// The lines that a request must have besides those that a case is about.
constexpr std::string_view to = "To: sip:j.user@example.com\n";
constexpr std::string_view from = "From: sip:caller@example.net;tag=93334\n";
constexpr std::string_view call_id = "Call-ID: torture.0ha0isndaksdj\n";
constexpr std::string_view cseq = "CSeq: 8 INVITE\n";
constexpr std::string_view via = "Via: SIP/2.0/UDP 192.0.2.59:5050;branch=z9hG4bKkdjuw39234\n";
constexpr std::string_view contact = "Contact: <sip:caller@host59.example.net>\n";
constexpr std::string_view content = "Content-Type: application/sdp\nContent-Length: @LENGTH\n";
constexpr std::string_view invite = "INVITE sip:user@example.com SIP/2.0\n";

template <class... Lines>
std::string lines(Lines... parts) {
    std::string out;
    (out.append(parts), ...);
    return out;
}

std::vector<Case> make_cases() {
    const std::string sdp = with_crlf(
        "v=0\n"
        "o=mhandley 29739 7272939 IN IP4 192.0.2.3\n"
        "s=-\n"
        "c=IN IP4 192.0.2.4\n"
        "t=0 0\n"
        "m=audio 49217 RTP/AVP 0 12\n"
        "m=video 3227 RTP/AVP 31\n"
        "a=rtpmap:31 LPC\n");
    std::vector<Case> all;
    const auto add = [&all](std::string_view name, int outcome, std::string_view reason, std::string text) {
        all.push_back({name, outcome, reason, std::move(text)});
    };

    // ---- RFC 4475 section 3.1.1: valid messages
    add("wsinv", accept, "",
        message("INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\n"
                "TO :\n"
                " sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\n"
                "from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\n"
                "  ;\n"
                "  tag = 98asjd8\n"
                "MaX-fOrWaRdS: 0068\n"
                "Call-ID: wsinv.ndaksdj@192.0.2.1\n"
                "Content-Length   : @LENGTH\n"
                "cseq: 0009\n"
                "  INVITE\n"
                "Via  : SIP  /   2.0\n"
                " /UDP\n"
                "    192.0.2.2;branch=390skdjuw\n"
                "s :\n"
                "NewFangledHeader:   newfangled value\n"
                " continued newfangled value\n"
                "UnknownHeaderWithUnusualValue: ;;,,;;,;\n"
                "Content-Type: application/sdp\n"
                "Route:\n"
                " <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\n"
                "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\n"
                "  branch  =   z9hG4bK9ikj8  ,\n"
                " SIP  /    2.0   / UDP  192.168.255.111   ; branch=\n"
                " z9hG4bK30239\n"
                "m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\n"
                "      newvalue ;\n"
                "  secondparam ; q = 0.33\n",
                sdp));
    add("intmeth", accept, "",
        message(
            std::string("!interesting-Method0123456789_*+`.%indeed'~ "
                        "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
                        "*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0\n"
                        "Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~\n"
                        "To: \"BEL:\\\x07 NUL:\\") +
            '\0' +
            " DEL:\\\x7f\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
            "@example.com>\n"
            "From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>"
            ";fromParam''~+*_!.-%=\"\xd1\x80\xd0\xb0\xd0\xb1\xd0\xbe\xd1\x82\xd0\xb0\";tag=_token~1'+`*%!-.\n"
            "Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\n"
            "CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~\n"
            "Max-Forwards: 255\n"
            "extensionHeader-!.%*+_`'~:\xef\xbb\xbf\xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb\n"
            "Content-Length: 0\n"));
    add("esc01", accept, "",
        message("INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0\n"
                "To: sip:%75se%72@example.com\n"
                "From: <sip:I%20have%20spaces@example.net>;tag=938\n"
                "Max-Forwards: 87\n"
                "i: esc01.239409asdfakjkn23onasd0-3234\n"
                "CSeq: 234234 INVITE\n"
                "Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bKkdjuw\n"
                "C: application/sdp\n"
                "Contact:\n"
                "  <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>\n"
                "Content-Length: @LENGTH\n",
                sdp));
    add("escnull", accept, "",
        message("REGISTER sip:example.com SIP/2.0\n"
                "To: sip:null-%00-null@example.com\n"
                "From: sip:null-%00-null@example.com;tag=839923423\n"
                "Max-Forwards: 70\n"
                "Call-ID: escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd\n"
                "CSeq: 14398234 REGISTER\n"
                "Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw\n"
                "Contact: <sip:%00@host5.example.com>\n"
                "Contact: <sip:%00%00@host5.example.com>\n"
                "L:0\n"));
    add("esc02", accept, "",
        message("RE%47IST%45R sip:registrar.example.com SIP/2.0\n"
                "To: \"%Z%45\" <sip:resource@example.com>\n"
                "From: \"%Z%45\" <sip:resource@example.com>;tag=f232jadfj23\n"
                "Call-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf\n"
                "Via: SIP/2.0/TCP host.example.com;branch=z9hG4bK209%fzsnel234\n"
                "CSeq: 29344 RE%47IST%45R\n"
                "Max-Forwards: 70\n"
                "Contact: <sip:alias1@host1.example.com>\n"
                "C%6Fntact: <sip:alias2@host2.example.com>\n"
                "Contact: <sip:alias3@host3.example.com>\n"
                "l: 0\n"));
    add("lwsdisp", accept, "",
        message("OPTIONS sip:user@example.com SIP/2.0\n"
                "To: sip:user@example.com\n"
                "From: caller<sip:caller@example.com>;tag=323\n"
                "Max-Forwards: 70\n"
                "Call-ID: lwsdisp.1234abcd@funky.example.com\n"
                "CSeq: 60 OPTIONS\n"
                "Via: SIP/2.0/UDP funky.example.com;branch=z9hG4bKkdjuw\n"
                "l: 0\n"));
    std::string vias;
    const std::string_view spellings[] = {
        "Via: ", "v: ", "V: ", "ViA: ", "vIA: ", "V :  ", "v  : ", "Via  : "};
    for (int i = 0; i < 32; ++i)
        vias += std::string(spellings[i % 8]) + "SIP/2.0/TCP sip" + std::to_string(33 - i) + ".example.com\n";
    add("longreq", accept, "",
        message("INVITE sip:user@example.com SIP/2.0\n"
                "To: \"I have a user name of " +
                    repeat("extreme", 10) +
                    " proportion\"<sip:user@example.com:6000"
                    ";unknownparam1=very" +
                    repeat("long", 20) + "value;longparam" + repeat("name", 25) +
                    "=shortvalue"
                    ";very" +
                    repeat("long", 25) +
                    "ParameterNameWithNoValue>\n"
                    "F: sip:" +
                    repeat("amazinglylongcallername", 5) + "@example.net;tag=" + repeat("12982", 22) +
                    ";unknownheaderparam" + repeat("name", 20) + "=unknowheaderparam" + repeat("value", 15) +
                    ";unknownValueless" + repeat("paramname", 10) +
                    "\n"
                    "Call-ID: longreq.one" +
                    repeat("really", 20) +
                    "longcallid\n"
                    "CSeq: 3882340 INVITE\n"
                    "Unknown-" +
                    repeat("Long", 20) + "-Name: unknown-" + repeat("long", 20) + "-value; unknown-" +
                    repeat("long", 20) + "-parameter-name = unknown-" + repeat("long", 20) +
                    "-parameter-value\n" + vias +
                    "Via: SIP/2.0/TCP host.example.com;received=192.0.2.5;branch=very" + repeat("long", 50) +
                    "branchvalue\n"
                    "Max-Forwards: 70\n"
                    "Contact: <sip:" +
                    repeat("amazinglylongcallername", 5) +
                    "@host5.example.net>\n"
                    "Content-Type: application/sdp\n"
                    "l: @LENGTH\n",
                sdp));
    add("dblreq", accept, "",
        message("REGISTER sip:example.com SIP/2.0\n"
                "To: sip:j.user@example.com\n"
                "From: sip:j.user@example.com;tag=43251j3j324\n"
                "Max-Forwards: 8\n"
                "I: dblreq.0ha0isndaksdj99sdfafnl3lk233412\n"
                "Contact: sip:j.user@host.example.com\n"
                "CSeq: 8 REGISTER\n"
                "Via: SIP/2.0/UDP 192.0.2.125;branch=z9hG4bKkdjuw23492\n"
                "Content-Length: 0\n") +
            "\r\n" + message(lines(invite, to, from, call_id, cseq, via, content), sdp));
    add("semiuri", accept, "",
        message("OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0\n"
                "To: sip:j_user@example.com\n"
                "From: sip:caller@example.org;tag=33242\n"
                "Max-Forwards: 3\n"
                "Call-ID: semiuri.0ha0isndaksdj\n"
                "CSeq: 8 OPTIONS\n"
                "Accept: application/sdp, application/pkcs7-mime,\n"
                "        multipart/mixed, multipart/signed,\n"
                "        message/sip, message/sipfrag\n"
                "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKkdjuw\n"
                "l: 0\n"));
    add("transports", accept, "",
        message("OPTIONS sip:user@example.com SIP/2.0\n"
                "To: sip:user@example.com\n"
                "From: <sip:caller@example.com>;tag=323\n"
                "Max-Forwards: 70\n"
                "Call-ID:  transports.kijh4akdnaqjkwendsasfdj\n"
                "CSeq: 60 OPTIONS\n"
                "Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw\n"
                "Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf\n"
                "Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj\n"
                "Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en\n"
                "Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee\n"
                "l: 0\n"));
    add("mpart01", accept, "",
        message(lines("MESSAGE sip:kumiko@example.org SIP/2.0\n", via, to, from, call_id,
                      "CSeq: 1 MESSAGE\n"
                      "Route: <sip:127.0.0.1:5080>\n"
                      "Content-Transfer-Encoding: binary\n"
                      "Content-Type: multipart/mixed;boundary=7a9cbec02ceef655\n"
                      "Content-Length: @LENGTH\n"),
                with_crlf("--7a9cbec02ceef655\nContent-Type: text/plain\n\nHello\n--7a9cbec02ceef655\n"
                          "Content-Type: application/octet-stream\n\n") +
                    std::string("0\x82\x00\r\n\r\n\xff\n\x00\x00 Via: x\r", 19) +
                    "\r\n--7a9cbec02ceef655--\r\n"));
    add("unreason", accept, "",
        message(lines("SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe \xd1\x81\xd1\x82\xd0\xbe - "
                      "\xd0\xbf\xd1\x80\xd0\xbe\xd1\x81\xd1\x82\xd0\xbe\xd0\xb5\n",
                      via, to, from, call_id, cseq, contact, content),
                sdp));
    add("noreason", accept, "",
        message(lines("SIP/2.0 100 \n", via, to, from, call_id, cseq, "Content-Length: 0\n", contact)));

    // ---- RFC 4475 section 3.1.2: invalid messages
    add("badinv01", 400, "Via",
        message(
            lines(invite, to, from, call_id, cseq, "Via: SIP/2.0/UDP 192.0.2.15;;,;,,\n", contact, content),
            sdp));
    add("badinv01-contact", 400, "Contact",
        message(lines(invite, to, from, call_id, cseq, via, "Contact: \"Joe\" <sip:joe@example.org>;;;;\n",
                      content),
                sdp));
    add("clerr", 400, "Content-Length is larger",
        message(lines(invite, to, from, contact, call_id, cseq, via, "Content-Length: 9999\n"), sdp));
    add("ncl", 400, "Content-Length is not a number",
        message(lines(invite, to, from, call_id, cseq, via, contact, "Content-Length: -999\n"), sdp));
    add("scalar02", 400, "CSeq",
        message(lines(
            "REGISTER sip:example.com SIP/2.0\n", via, to, from, "CSeq: 36893488147419103232 REGISTER\n",
            call_id, "Expires: 1" + repeat("0", 100) + "\n",
            "Contact: <sip:user@host129.example.com>\n  ;expires=280297596632815\nContent-Length: 0\n")));
    add("scalarlg", 0, "CSeq",
        message(lines("SIP/2.0 503 Service Unavailable\n", via, to, from,
                      "CSeq: 9292394834772304023312 OPTIONS\n", call_id,
                      "Retry-After: 949302838503028349304023988\n"
                      "Warning: 1812 overture \"In Progress\"\n"
                      "Content-Length: 0\n")));
    add("quotbal", 400, "To: address: quote is not closed",
        message(lines(invite, "To: \"Mr. J. User <sip:j.user@example.com>\n", from, call_id, contact, cseq,
                      via, content),
                sdp));
    add("ltgtruri", 400, "Request-URI",
        message(
            lines("INVITE <sip:user@example.com> SIP/2.0\n", to, from, call_id, cseq, via, contact, content),
            sdp));
    add("lwsruri", 400, "Request-URI: URI: white space",
        message(lines("INVITE sip:user@example.com; lr SIP/2.0\n", to, from, call_id, cseq, via, contact,
                      content),
                sdp));
    add("lwsstart", 400, "Request-URI: URI: white space",
        message(
            lines("INVITE  sip:user@example.com  SIP/2.0\n", to, from, call_id, cseq, via, contact, content),
            sdp));
    add("trws", 400, "white space behind the request line",
        message(lines("OPTIONS sip:remote-target@example.com SIP/2.0  \n", via, to, from, call_id,
                      "CSeq: 238923 OPTIONS\n")));
    add("escruri", 400, "Request-URI with headers",
        message(lines("INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0\n", to, from, contact,
                      call_id, cseq, via, content),
                sdp));
    add("baddate", accept, "",
        message(lines(invite, to, from, call_id, cseq, via, "Date: Fri, 01 Jan 2010 16:00:00 EST\n", contact,
                      content),
                sdp));
    add("regbadct", 400, "Contact: address: URI with ',' or '?' needs angle brackets",
        message(lines("REGISTER sip:example.com SIP/2.0\n", to, from, call_id, "CSeq: 1 REGISTER\n", via,
                      "Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E\nl: 0\n")));
    add("badaspec", 400, "To: URI: white space",
        message(lines("OPTIONS sip:user@example.org SIP/2.0\n", via, from,
                      "To: \"Watson, Thomas\" < sip:t.watson@example.org >\n", call_id,
                      "CSeq: 3923239 OPTIONS\nl: 0\n")));
    add("baddn", 400, "From: address: display name needs quotes",
        message(lines("OPTIONS sip:t.watson@example.org SIP/2.0\n", via,
                      "From:    Bell, Alexander <sip:a.g.bell@example.com>;tag=43\n"
                      "To:      Watson, Thomas <sip:t.watson@example.org>\n",
                      call_id, "CSeq:    3923239 OPTIONS\nl: 0\n")));
    add("badvers", 505, "version",
        message(lines("OPTIONS sip:t.watson@example.org SIP/7.0\n"
                      "Via:     SIP/7.0/UDP c.example.com;branch=z9hG4bKkdjuw\n",
                      from, to, call_id, "CSeq:    1 OPTIONS\nl: 0\n")));
    add("mismatch01", 400, "method of CSeq differs",
        message(lines("OPTIONS sip:user@example.com SIP/2.0\n", to, from, call_id, cseq, via, "l: 0\n")));
    add("mismatch02", 400, "method of CSeq differs",
        message(
            lines("NEWMETHOD sip:user@example.com SIP/2.0\n", to, from, call_id, cseq, contact, via, content),
            sdp));
    add("bigcode", 0, "status code",
        message(lines("SIP/2.0 4294967301 better not break the receiver\n", via, call_id, cseq, from, to,
                      "Content-Length: 0\n", contact)));

    // ---- RFC 4475 sections 3.2 to 3.4: what the parser leaves to others, or refuses
    add("badbranch", accept, "",
        message(lines("OPTIONS sip:user@example.com SIP/2.0\n", to, from,
                      "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK\n", call_id, "CSeq: 8 OPTIONS\nl: 0\n")));
    add("insuf", 400, "no From", message(lines(invite, "CSeq: 193942 INVITE\n", via, content), sdp));
    add("unksm2", accept, "",
        message(lines("REGISTER sip:example.com SIP/2.0\n"
                      "To: isbn:2983792873\n"
                      "From: <http://www.example.com>;tag=3234233\n",
                      call_id, "CSeq: 234902 REGISTER\n", via, "Contact: <name:John_Smith>\nl: 0\n")));
    add("novelsc", accept, "",
        message(lines("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0\n", to, from, call_id,
                      "CSeq: 3923423 OPTIONS\n", via, "Content-Length: 0\n")));
    add("multi01", 400, "more than one CSeq",
        message(lines(invite, via, "CSeq: 5 INVITE\nCSeq: 59 INVITE\n", call_id, from, to, to, from, content),
                sdp));
    add("mcl01", 400, "Content-Lengths that differ",
        message(lines("OPTIONS sip:user@example.com SIP/2.0\n", via, to, from, call_id,
                      "CSeq: 15932 OPTIONS\nContent-Length: 13\nContent-Length: 5\n"),
                "There's no way to know how many octets are supposed to be here."));
    add("regescrt", accept, "",
        message(lines("REGISTER sip:example.com SIP/2.0\n", to, from, call_id, "CSeq: 14398234 REGISTER\n",
                      via, "M: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>\nL:0\n")));
    add("inv2543", accept, "",
        message("INVITE sip:UserB@example.com SIP/2.0\n"
                "Via: SIP/2.0/UDP iftgw.example.com\n"
                "From: <sip:+13035551111@ift.client.example.net;user=phone>\n"
                "Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>\n"
                "To: sip:+16505552222@ss1.example.net;user=phone\n"
                "Call-ID: inv2543.1717@ift.client.example.com\n"
                "CSeq: 56 INVITE\n"
                "Content-Type: application/sdp\n",
                sdp));

    add("unkscm", accept, "",
        message(lines("OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0\n", to, from,
                      "Max-Forwards: 3\n", call_id, "CSeq: 3923423 OPTIONS\n", via, "Content-Length: 0\n")));
    add("bext01", accept, "",
        message(lines("OPTIONS sip:user@example.com SIP/2.0\n", to, from, "Max-Forwards: 6\n", call_id,
                      "Require: nothingSupportsThis, nothingSupportsThisEither\n"
                      "Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis\n"
                      "CSeq: 8 OPTIONS\n",
                      via, "Content-Length: 0\n")));
    add("invut", accept, "",
        message(lines(invite, contact, to, from, "Max-Forwards: 70\n", call_id, cseq, via,
                      "Content-Type: application/unknownformat\nContent-Length: @LENGTH\n"),
                "<audio>\r\n <pcmu port=\"443\"/>\r\n</audio>"));
    add("regaut01", accept, "",
        message(lines("REGISTER sip:example.com SIP/2.0\n", to, from, "Max-Forwards: 8\n", call_id,
                      "CSeq: 9338 REGISTER\n", via,
                      "Authorization: NoOneKnowsThisScheme opaque-data=here\nContent-Length:0\n")));
    add("bcast", accept, "",
        message(
            lines("SIP/2.0 200 OK\n"
                  "Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923\n"
                  "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23\n",
                  call_id, "CSeq: 8 INVITE\n", from, "To: sip:user@example.edu;tag=2229\n", content, contact),
            sdp));
    add("zeromf", accept, "",
        message(lines("OPTIONS sip:user@example.com SIP/2.0\n", to, from, call_id, "CSeq: 39234321 OPTIONS\n",
                      via, "Max-Forwards: 0\nContent-Length: 0\n")));
    add("cparam01", accept, "",
        message(lines("REGISTER sip:example.com SIP/2.0\n", via, "Max-Forwards: 70\n", from, to, call_id,
                      "CSeq: 2 REGISTER\nContact: sip:+19725552222@gw1.example.net;unknownparam\nl: 0\n")));
    add("cparam02", accept, "",
        message(lines("REGISTER sip:example.com SIP/2.0\n", via, "Max-Forwards: 70\n", from, to, call_id,
                      "CSeq: 3 REGISTER\nContact: <sip:+19725552222@gw1.example.net;unknownparam>\nl: 0\n")));
    add("sdp01", accept, "",
        message(lines(invite, to, contact, from, "Max-Forwards: 5\n", call_id,
                      "Accept: text/nobodyKnowsThis\n", cseq, via, content),
                sdp));

    // ---- RFC 5118 section 4: IPv6, all of them
    constexpr std::string_view user = "To: sip:user@example.com\n";
    constexpr std::string_view caller = "From: sip:user@example.com;tag=81x2\n";
    constexpr std::string_view via6 = "Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111\n";
    constexpr std::string_view call_id6 = "Call-ID: SSG9559905523997077@hlau_4100\n";
    constexpr std::string_view hops = "Max-Forwards: 70\n";
    const auto register6 = [&](std::string_view uri) {
        return message(lines("REGISTER ", uri, " SIP/2.0\n", user, caller, via6, call_id6, hops,
                             "Contact: \"Caller\" <sip:caller@[2001:db8::1]>\n"
                             "CSeq: 98176 REGISTER\nContent-Length: 0\n"));
    };
    add("ipv6-good", accept, "", register6("sip:[2001:db8::10]"));
    add("ipv6-bad", 400, "Request-URI: URI: bad port", register6("sip:2001:db8::10"));
    add("port-ambiguous", accept, "", register6("sip:[2001:db8::10:5070]"));
    add("port-unambiguous", accept, "", register6("sip:[2001:db8::10]:5070"));
    add("via-received-param-with-delim", accept, "",
        message(lines("BYE sip:[2001:db8::10] SIP/2.0\nTo: sip:user@example.com;tag=bd76ya\n", caller,
                      "Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111\n",
                      call_id6, hops, "CSeq: 321 BYE\nContent-Length: 0\n")));
    add("via-received-param-no-delim", accept, "",
        message(lines("OPTIONS sip:[2001:db8::10] SIP/2.0\n", user, caller,
                      "Via: SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3\n",
                      call_id6, hops, "Contact: \"Caller\" <sip:caller@[2001:db8::9:1]>\n",
                      "CSeq: 921 OPTIONS\nContent-Length: 0\n")));
    add("ipv6-in-sdp", accept, "",
        message(lines("INVITE sip:user@[2001:db8::10] SIP/2.0\nTo: sip:user@[2001:db8::10]\n", caller,
                      "Via: SIP/2.0/UDP [2001:db8::20];branch=z9hG4bKas3-111\n", call_id6,
                      "Contact: \"Caller\" <sip:caller@[2001:db8::20]>\nCSeq: 8612 INVITE\n", hops, content),
                with_crlf("v=0\n"
                          "o=assistant 971731711378798081 0 IN IP6 2001:db8::20\n"
                          "s=Live video feed for today's meeting\n"
                          "c=IN IP6 2001:db8::20\n"
                          "t=3338481189 3370017201\n"
                          "m=audio 6000 RTP/AVP 2\n"
                          "a=rtpmap:2 G726-32/8000\n"
                          "m=video 6024 RTP/AVP 107\n"
                          "a=rtpmap:107 H263-1998/90000\n")));
    add("mult-ip-in-header", accept, "",
        message(lines("BYE sip:user@host.example.net SIP/2.0\n"
                      "Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111\n"
                      "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144\n"
                      "Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200\n"
                      "Call-ID: 997077@lau_4100\n",
                      hops, "CSeq: 89187 BYE\nTo: sip:user@example.net;tag=9817--94\n", caller,
                      "Content-Length: 0\n")));
    add("mult-ip-in-sdp", accept, "",
        message(lines("INVITE sip:user@[2001:db8::10] SIP/2.0\nTo: sip:user@[2001:db8::10]\n", caller, via6,
                      call_id6, "Contact: \"Caller\" <sip:caller@[2001:db8::9:1]>\n", hops,
                      "CSeq: 8912 INVITE\n", content),
                with_crlf("v=0\n"
                          "o=bob 280744730 28977631 IN IP4 host.example.com\n"
                          "s=\n"
                          "t=0 0\n"
                          "m=audio 22334 RTP/AVP 0\n"
                          "c=IN IP4 192.0.2.1\n"
                          "m=video 6024 RTP/AVP 107\n"
                          "c=IN IP6 2001:db8::1\n"
                          "a=rtpmap:107 H263-1998/90000\n")));
    add("ipv4-mapped-ipv6", accept, "",
        message(lines(invite, user, "From: sip:user@east.example.com;tag=81x2\n",
                      "Via: SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19\n"
                      "Via: SIP/2.0/UDP [::ffff:192.0.2.2];branch=z9hG4bKas3-111\n",
                      call_id6, "Contact: \"T. desk phone\" <sip:ted@[::ffff:192.0.2.2]>\nCSeq: 612 INVITE\n",
                      hops, content),
                with_crlf("v=0\n"
                          "o=bob 280744730 28977631 IN IP6 ::ffff:192.0.2.2\n"
                          "s=\n"
                          "c=IN IP6 ::ffff:192.0.2.2\n"
                          "t=0 0\n"
                          "m=audio 23434 RTP/AVP 0\n")));
    const auto options6 = [&](std::string_view uri) {
        return message(lines("OPTIONS ", uri, " SIP/2.0\nTo: ", uri,
                             "\nFrom: sip:user@example.com;tag=810x2\n"
                             "Via: SIP/2.0/UDP lab1.east.example.com;branch=z9hG4bKas3-111\n"
                             "Call-ID: G9559905523997077@hlau_4100\nCSeq: 689 OPTIONS\n",
                             hops, "Content-Length: 0\n"));
    };
    // The grammar of RFC 3261 allows a third colon, the addresses of RFC 4291 do not.
    add("ipv6-bug-abnf-3-colons", 400, "Request-URI", options6("sip:user@[2001:db8:::192.0.2.1]"));
    add("ipv6-correct-abnf-2-colons", accept, "", options6("sip:user@[2001:db8::192.0.2.1]"));

    // ---- our own
    add("bare-lf", accept, "",
        lines(invite, to, from, "Subject: a\n b\n", call_id, cseq, via, "Content-Length: 2\n\nok"));
    add("bare-cr", 400, "CR without LF",
        message(lines(invite, to, from, "Subject: a\rVia: SIP/2.0/UDP evil\n", call_id, cseq, via)));
    add("bare-nul", 400, "NUL",
        message(lines(invite, to, from, std::string("Subject: a\0b\n", 13), call_id, cseq, via)));
    add("no-colon", 400, "without ':'",
        message(lines(invite, to, from, "Foobar roobar\n", call_id, cseq, via)));
    add("no-name", 400, "without a name", message(lines(invite, to, from, ": x\n", call_id, cseq, via)));
    add("folded-start", 400, "without a name",
        message(lines(invite, " folded: 1\n", to, from, call_id, cseq, via)));
    add("no-version", 400, "incomplete",
        message(lines("INVITE sip:user@example.com\n", to, from, call_id, cseq, via)));
    add("other-protocol", 400, "no SIP version",
        message(lines("INVITE sip:user@example.com HTTP/1.1\n", to, from, call_id, cseq, via)));
    add("bad-method", 400, "not a token",
        message(lines("INV@ITE sip:u@h SIP/2.0\n", to, from, call_id, cseq, via)));
    add("bad-call-id", 400, "Call-ID", message(lines(invite, to, from, "Call-ID: a b\n", cseq, via)));
    add("no-via", 0, "no Via", message(lines(invite, to, from, call_id, cseq)));
    add("no-empty-line", 400, "no empty line", with_crlf(lines(invite, to, from, call_id, cseq, via)));
    add("bad-ack", 0, "CSeq",
        message(lines("ACK sip:user@example.com SIP/2.0\n", to, from, call_id, "CSeq: x ACK\n", via)));
    add("bad-ack-version", 0, "version",
        message(lines("ACK sip:user@example.com SIP/3.0\n", to, from, call_id, "CSeq: 1 ACK\n", via)));
    add("response-version", 0, "version", message(lines("SIP/3.0 200 OK\n", to, from, call_id, cseq, via)));
    add("response-without-to", 0, "no To", message(lines("SIP/2.0 200 OK\n", from, call_id, cseq, via)));
    add("status-000", 0, "status code", message(lines("SIP/2.0 000 Zero\n", to, from, call_id, cseq, via)));
    add("status-099", 0, "status code", message(lines("SIP/2.0 099 Low\n", to, from, call_id, cseq, via)));
    add("status-700", 0, "status code", message(lines("SIP/2.0 700 High\n", to, from, call_id, cseq, via)));
    add("status-20", 0, "status code", message(lines("SIP/2.0 20 Short\n", to, from, call_id, cseq, via)));
    add("status-only", accept, "", message(lines("SIP/2.0 699\n", to, from, call_id, cseq, via)));
    add("leading-crlf", accept, "", "\r\n\r\n" + message(lines(invite, to, from, call_id, cseq, via)));
    add("keep-alive", 0, "no message", "\r\n\r\n");
    add("empty", 0, "no message", "");
    add("same-length-twice", accept, "",
        message(lines(invite, to, from, call_id, cseq, via, "Content-Length: 2\nl: 02\n"), "ok"));
    add("huge-length", 400, "Content-Length is not a number",
        message(lines(invite, to, from, call_id, cseq, via, "Content-Length: 18446744073709551616\n"), "ok"));
    add("empty-length", 400, "Content-Length is not a number",
        message(lines(invite, to, from, call_id, cseq, via, "Content-Length:\n"), "ok"));
    add("star-contact", accept, "",
        message(
            lines("REGISTER sip:h SIP/2.0\n", to, from, call_id, "CSeq: 1 REGISTER\n", via, "Contact: *\n")));
    add("512-fields", accept, "",
        message(lines(invite, to, from, call_id, cseq, via, repeat("X: y\n", 507))));
    add("513-fields", 400, "more than 512",
        message(lines(invite, to, from, call_id, cseq, via, repeat("X: y\n", 508))));
    add("large", 513, "65536",
        message(lines(invite, to, from, call_id, cseq, via, "Content-Length: @LENGTH\n"),
                std::string(65536, 'x')));
    return all;
}

}  // namespace

const std::vector<Case>& cases() {
    static const std::vector<Case> all = make_cases();
    return all;
}

const std::string& text_of(std::string_view name) {
    const auto it =
        std::find_if(cases().begin(), cases().end(), [name](const Case& c) { return c.name == name; });
    if (it == cases().end()) throw std::logic_error("no such torture message");
    return it->text;
}

}  // namespace causeway::sip::torture
