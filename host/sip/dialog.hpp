// A dialog (RFC 3261 section 12) as a plain value: what two user agents agreed to call each other. No timers,
// no transport; requests within it are made here and judged here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/base/result.hpp"
#include "host/sip/message.hpp"

namespace causeway::sip {

enum class DialogState : std::uint8_t { early, confirmed, terminated };
constexpr DialogState last_value(DialogState) {
    return DialogState::terminated;
}
std::string_view to_string(DialogState state);

struct DialogId {
    std::string call_id, local_tag, remote_tag;
    template <class A>
    void archive(A& a) {
        a(call_id, local_tag, remote_tag);
    }
    auto operator<=>(const DialogId&) const = default;
};

// What to do with a request inside a dialog (12.2.2).
enum class InDialogVerdict : std::uint8_t {
    accept,
    out_of_order,  // CSeq lower than one seen: answer 500
};

struct Dialog {
    DialogId id;
    DialogState state = DialogState::early;
    std::uint32_t local_cseq = 0;   // of the last request sent
    std::uint32_t remote_cseq = 0;  // of the last request received
    bool remote_cseq_known = false;
    std::string local_uri;            // From/To value of ours, without tag
    std::string remote_uri;           // From/To value of theirs, without tag
    std::string remote_target;        // URI of their Contact
    std::vector<std::string> routes;  // route set, in the order of use
    bool secure = false;

    // UAS side, when the first response with our tag goes out (12.1.1).
    static Result<Dialog> from_request(const Message& request, std::string_view local_tag);
    // UAC side, from a 101..299 response with a To tag (12.1.2).
    static Result<Dialog> from_response(const Message& request, const Message& response);
    // Whose dialog a message inside one belongs to, as seen from this side.
    static DialogId id_of_response(const Message& response);  // we sent the request: local tag = From tag

    // A 2xx confirms an early dialog; its route set is computed again from the 2xx (13.2.2.4).
    void confirm(const Message& response_2xx);
    // Request line, Route, From, To, Call-ID, CSeq (incremented, but for ACK and CANCEL), Max-Forwards
    // (12.2.1.1, strict routers included). ACK takes the CSeq number of its INVITE as `ack_cseq`.
    MessageBuilder request(Method method, std::uint32_t ack_cseq = 0);
    // The URI whose host and port name the next hop (12.2.1.1: topmost Route if there is one).
    std::string_view next_hop() const;
    InDialogVerdict check(const Message& request);  // notes the CSeq
    // Target refresh (12.2.1.2, 12.2.2): Contact of a re-INVITE, UPDATE or their 2xx.
    void refresh_target(const Message& message);

    template <class A>
    void archive(A& a) {
        a(id, state, local_cseq, remote_cseq, remote_cseq_known, local_uri, remote_uri, remote_target, routes,
          secure);
        if constexpr (A::decodes) {
            for (const auto& route : routes) {
                if (route.empty() || route.front() != '<') a.fail("a route without its brackets");
            }
        }
    }
};

}  // namespace causeway::sip
