// A datagram as a SIP message: parsed, read in every typed way, salvaged where it is refused, answered, and
// built again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "host/sip/dialog.hpp"
#include "host/sip/message.hpp"

using namespace causeway;

namespace {

void read_all(const sip::Message& m) {
    for (const auto& field : m.fields()) {
        (void)m.values(field.id);
        (void)m.lists(field.id, "timer");
        (void)sip::NameAddr::parse(field.value);
        (void)sip::Via::parse(field.value);
        (void)sip::CSeq::parse(field.value);
        (void)sip::Params::parse(field.value);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto message = sip::Message::parse(text);
    if (!message) {
        if (const auto rest = sip::Message::salvage(text)) {
            (void)sip::MessageBuilder::response_to(*rest, 400, "tag").build();
        }
        return 0;
    }
    read_all(*message);
    sip::Via via = message->via();
    via.params.set("received", "192.0.2.1");
    const auto noted = message->with_top_via(via);
    if (noted.call_id() != message->call_id() || noted.via().params.get("received") != "192.0.2.1")
        std::abort();
    if (!message->is_request()) return 0;
    const auto response = sip::MessageBuilder::response_to(*message, 200, "tag").build();
    const auto again = sip::Message::parse(response.text());
    if (!again || again->call_id() != message->call_id()) std::abort();
    if (const auto dialog = sip::Dialog::from_request(*message, "tag")) {
        auto copy = *dialog;
        const auto bye =
            copy.request(sip::Method::bye).prepend(sip::HeaderId::via, "SIP/2.0/UDP h;branch=z9hG4bK1");
        if (bye.build().call_id() != message->call_id()) std::abort();
    }
    return 0;
}
