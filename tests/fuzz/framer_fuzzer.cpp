// A byte stream, cut where its own first octets say: the pieces are the same however it arrives, and every
// message ends where its Content-Length says.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "host/sip/framer.hpp"
#include "host/sip/shard.hpp"

using namespace causeway::sip;

static void take(StreamFramer& framer, std::vector<std::string>& out) {
    for (;;) {
        const auto piece = framer.next();
        if (piece.found == StreamFramer::Found::nothing) return;
        out.push_back(std::to_string(static_cast<int>(piece.found)) + std::string(piece.text));
        if (piece.found == StreamFramer::Found::message) (void)shard_of_message(piece.text, 7);
        if (piece.found == StreamFramer::Found::broken) return;
    }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::size_t step = 1 + data[0];
    const std::string_view stream(reinterpret_cast<const char*>(data + 1), size - 1);
    (void)shard_of_message(stream, 7);
    StreamFramer whole, cut;
    std::vector<std::string> at_once, in_pieces;
    whole.add(stream);
    take(whole, at_once);
    for (std::size_t at = 0; at < stream.size(); at += step) {
        cut.add(stream.substr(at, step));
        take(cut, in_pieces);
        if (!in_pieces.empty() && in_pieces.back()[0] == '3') break;  // broken
    }
    if (at_once != in_pieces) std::abort();
    return 0;
}
