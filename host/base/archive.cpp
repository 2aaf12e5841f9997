#include "host/base/archive.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <bit>
#include <limits>

namespace causeway {

namespace {

// "CWST" | version | length | bytes | the first 8 octets of SHA-256 of all before. Numbers are 32 and 64 bit,
// big-endian.
constexpr std::string_view magic = "CWST";
constexpr std::size_t head = 4 + 4 + 8;
constexpr std::size_t checksum = 8;
constexpr std::int64_t longest = std::int64_t{1} << 61;  // 73 years in ns

std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest(ByteView bytes) {
    std::array<std::uint8_t, SHA256_DIGEST_LENGTH> out{};
    SHA256(bytes.data(), bytes.size(), out.data());
    return out;
}

}  // namespace

// ----------------------------------------------------------------------------------------------------
// writing

// A vector that grows leaves its old bytes behind unwiped, so it is not left to grow by itself.
void Encoder::append(ByteView bytes) {
    if (bytes_.capacity() - bytes_.size() < bytes.size()) {
        Bytes larger;
        larger.reserve(std::max<std::size_t>(2 * bytes_.capacity(), bytes_.size() + bytes.size() + 4096));
        larger.assign(bytes_.begin(), bytes_.end());
        OPENSSL_cleanse(bytes_.data(), bytes_.size());
        bytes_.swap(larger);
    }
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

void Encoder::put_varint(std::uint64_t value) {
    std::array<std::uint8_t, 10> out{};
    std::size_t n = 0;
    for (; value >= 0x80; value >>= 7) out[n++] = static_cast<std::uint8_t>(value | 0x80);
    out[n++] = static_cast<std::uint8_t>(value);
    append({out.data(), n});
}

void Encoder::put_signed(std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    put_varint(value < 0 ? ~(bits << 1) : bits << 1);
}

void Encoder::put(double value) {
    put_varint(std::bit_cast<std::uint64_t>(value));
}

void Encoder::put_bytes(ByteView bytes) {
    put_varint(bytes.size());
    append(bytes);
}

void Encoder::put(const IpAddress& ip) {
    put(ip.is_v6());
    append({ip.data(), ip.is_v6() ? 16U : 4U});
}

Secret seal(std::uint32_t version, ByteView body) {
    Bytes out(head);
    std::copy(magic.begin(), magic.end(), out.begin());
    store_be32(&out[4], version);
    store_be32(&out[8], static_cast<std::uint32_t>(std::uint64_t{body.size()} >> 32));
    store_be32(&out[12], static_cast<std::uint32_t>(body.size()));
    out.reserve(head + body.size() + checksum);
    out.insert(out.end(), body.begin(), body.end());
    const auto sum = digest(out);
    out.insert(out.end(), sum.begin(), sum.begin() + checksum);
    return Secret(std::move(out));
}

// ----------------------------------------------------------------------------------------------------
// reading

Result<Decoder> Decoder::open(Time now, std::uint32_t version, ByteView sealed) {
    if (sealed.size() < head + checksum || as_text(sealed.first(magic.size())) != magic) {
        return causeway::fail("state: these bytes hold none");
    }
    const std::uint32_t written = load_be32(&sealed[4]);
    if (written != version) {
        return causeway::fail(
            fmt::format("state: its version is {}, this program reads {}", written, version));
    }
    const std::uint64_t length = std::uint64_t{load_be32(&sealed[8])} << 32 | load_be32(&sealed[12]);
    if (length != sealed.size() - head - checksum) {
        return causeway::fail(
            fmt::format("state: {} octets are announced, {} came", length, sealed.size() - head - checksum));
    }
    const auto sum = digest(sealed.first(sealed.size() - checksum));
    if (!std::equal(sum.begin(), sum.begin() + checksum, sealed.end() - checksum)) {
        return causeway::fail("state: damaged, its checksum is wrong");
    }
    return Decoder(now, sealed.subspan(head, static_cast<std::size_t>(length)));
}

void Decoder::fail(std::string_view why) {
    if (ok()) error_ = fmt::format("state: {} at octet {} of {}", why, at_, bytes_.size());
}

void Decoder::finish() {
    if (left() != 0) fail("more than a state");
}

std::uint64_t Decoder::get_varint(std::uint64_t most) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; ok(); shift += 7) {
        if (left() == 0) {
            fail("cut short");
            break;
        }
        const std::uint8_t octet = bytes_[at_++];
        const auto bits = std::uint64_t{octet} & 0x7f;
        if (shift > 63 || (shift == 63 && bits > 1)) {
            fail("a number too large");
            break;
        }
        value |= bits << shift;
        if ((octet & 0x80) != 0) continue;
        if (value <= most) return value;
        fail("a number out of range");
    }
    return 0;
}

std::int64_t Decoder::get_signed() {
    const std::uint64_t bits = get_varint(std::numeric_limits<std::uint64_t>::max());
    return static_cast<std::int64_t>((bits >> 1) ^ (~(bits & 1) + 1));
}

ByteView Decoder::get_bytes() {
    const std::uint64_t length = get_varint(std::numeric_limits<std::uint64_t>::max());
    if (!ok()) return {};
    if (length > left()) {
        fail("cut short");
        return {};
    }
    const auto out = bytes_.subspan(at_, static_cast<std::size_t>(length));
    at_ += out.size();
    return out;
}

void Decoder::get(double& value) {
    value = std::bit_cast<double>(get_varint(std::numeric_limits<std::uint64_t>::max()));
}

void Decoder::get(Bytes& bytes) {
    const auto view = get_bytes();
    bytes.assign(view.begin(), view.end());
}

// So that adding a few of them never overflows.
void Decoder::get(Duration& d) {
    const std::int64_t count = get_signed();
    if (count < -longest || count > longest) fail("a time out of range");
    d = Duration(ok() ? count : 0);
}

void Decoder::get(Time& t) {
    Duration offset{};
    get(offset);
    t = now_ + offset;
}

void Decoder::get(IpAddress& ip) {
    bool v6 = false;
    get(v6);
    const std::size_t length = v6 ? 16 : 4;
    ip = {};
    if (ok() && length > left()) fail("cut short");
    if (!ok()) return;
    std::array<std::uint8_t, 16> six{};
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), length, six.begin());
    at_ += length;
    ip = v6 ? IpAddress::v6(six) : IpAddress::v4({six[0], six[1], six[2], six[3]});
}

}  // namespace causeway
