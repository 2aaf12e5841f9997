// A session description: what parses is written so that it parses to the same again, and can be offered and
// answered.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "host/sdp/crypto.hpp"
#include "host/sdp/offer_answer.hpp"

using namespace causeway;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto session = sdp::Session::parse({reinterpret_cast<const char*>(data), size});
    if (!session) return 0;
    const auto text = session->to_string();
    const auto again = sdp::Session::parse(text);
    if (!again || again->to_string() != text) std::abort();
    for (auto& m : session->media) {
        (void)sdp::cryptos(m);
        (void)session->direction(m);
        (void)session->connection_of(m);
        (void)m.ptime_ms();
        const auto codecs = m.codecs();
        m.set_codecs(codecs);
    }
    sdp::OfferAnswer side;
    side.receive_offer(*again);
    auto answer = *again;
    for (auto& m : answer.media) m = sdp::reject(m);
    (void)side.send_answer(answer);
    return 0;
}
