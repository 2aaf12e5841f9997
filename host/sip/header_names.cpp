// Names of header fields to ids and back. Looked up once for each field of each message, so through a table
// made at compile time: one hash, mostly one comparison.

#include <array>
#include <cstddef>

#include "host/base/text.hpp"
#include "host/sip/headers.hpp"

namespace causeway::sip {

namespace {

struct Name {
    std::string_view text;
    HeaderId id;
};

// In the order of HeaderId, so that to_string() is an index; then the compact forms (7.3.3 and the extensions
// that define some).
constexpr Name names[] = {
    {"Accept", HeaderId::accept},
    {"Accept-Encoding", HeaderId::accept_encoding},
    {"Accept-Language", HeaderId::accept_language},
    {"Alert-Info", HeaderId::alert_info},
    {"Allow", HeaderId::allow},
    {"Also", HeaderId::also},
    {"Authorization", HeaderId::authorization},
    {"Call-ID", HeaderId::call_id},
    {"Call-Info", HeaderId::call_info},
    {"Contact", HeaderId::contact},
    {"Content-Disposition", HeaderId::content_disposition},
    {"Content-Encoding", HeaderId::content_encoding},
    {"Content-Language", HeaderId::content_language},
    {"Content-Length", HeaderId::content_length},
    {"Content-Type", HeaderId::content_type},
    {"CSeq", HeaderId::cseq},
    {"Date", HeaderId::date},
    {"Diversion", HeaderId::diversion},
    {"Error-Info", HeaderId::error_info},
    {"Event", HeaderId::event},
    {"Expires", HeaderId::expires},
    {"From", HeaderId::from},
    {"History-Info", HeaderId::history_info},
    {"In-Reply-To", HeaderId::in_reply_to},
    {"Max-Breadth", HeaderId::max_breadth},
    {"Max-Forwards", HeaderId::max_forwards},
    {"MIME-Version", HeaderId::mime_version},
    {"Min-Expires", HeaderId::min_expires},
    {"Min-SE", HeaderId::min_se},
    {"Organization", HeaderId::organization},
    {"P-Asserted-Identity", HeaderId::p_asserted_identity},
    {"P-Preferred-Identity", HeaderId::p_preferred_identity},
    {"Path", HeaderId::path},
    {"Priority", HeaderId::priority},
    {"Privacy", HeaderId::privacy},
    {"Proxy-Authenticate", HeaderId::proxy_authenticate},
    {"Proxy-Authorization", HeaderId::proxy_authorization},
    {"Proxy-Require", HeaderId::proxy_require},
    {"RAck", HeaderId::rack},
    {"Reason", HeaderId::reason},
    {"Record-Route", HeaderId::record_route},
    {"Refer-To", HeaderId::refer_to},
    {"Referred-By", HeaderId::referred_by},
    {"Replaces", HeaderId::replaces},
    {"Reply-To", HeaderId::reply_to},
    {"Require", HeaderId::require},
    {"Retry-After", HeaderId::retry_after},
    {"Route", HeaderId::route},
    {"RSeq", HeaderId::rseq},
    {"Server", HeaderId::server},
    {"Service-Route", HeaderId::service_route},
    {"Session-Expires", HeaderId::session_expires},
    {"Subject", HeaderId::subject},
    {"Subscription-State", HeaderId::subscription_state},
    {"Supported", HeaderId::supported},
    {"Timestamp", HeaderId::timestamp},
    {"To", HeaderId::to},
    {"Unsupported", HeaderId::unsupported},
    {"User-Agent", HeaderId::user_agent},
    {"Via", HeaderId::via},
    {"Warning", HeaderId::warning},
    {"WWW-Authenticate", HeaderId::www_authenticate},
    {"b", HeaderId::referred_by},
    {"c", HeaderId::content_type},
    {"e", HeaderId::content_encoding},
    {"f", HeaderId::from},
    {"i", HeaderId::call_id},
    {"k", HeaderId::supported},
    {"l", HeaderId::content_length},
    {"m", HeaderId::contact},
    {"o", HeaderId::event},
    {"r", HeaderId::refer_to},
    {"s", HeaderId::subject},
    {"t", HeaderId::to},
    {"v", HeaderId::via},
    {"x", HeaderId::session_expires},
};

constexpr std::size_t long_names = static_cast<std::size_t>(HeaderId::www_authenticate);

constexpr bool in_order() {
    for (std::size_t i = 0; i < long_names; ++i)
        if (static_cast<std::size_t>(names[i].id) != i + 1) return false;
    return true;
}
static_assert(in_order());

constexpr std::size_t table_size = 512;

constexpr std::size_t hash(std::string_view name) {
    const auto at = [name](std::size_t i) {
        return static_cast<std::size_t>(static_cast<unsigned char>(ascii_lower(name[i])));
    };
    return (name.size() * 37 + at(0) * 5 + at(name.size() / 2) * 83 + at(name.size() - 1) * 171) % table_size;
}

// Index into `names` plus one, 0 where free; collisions stand in the next free place.
constexpr std::array<std::uint8_t, table_size> make_table() {
    std::array<std::uint8_t, table_size> table{};
    for (std::size_t i = 0; i < std::size(names); ++i) {
        std::size_t place = hash(names[i].text);
        while (table[place] != 0) place = (place + 1) % table_size;
        table[place] = static_cast<std::uint8_t>(i + 1);
    }
    return table;
}
constexpr auto table = make_table();

}  // namespace

HeaderId parse_header_name(std::string_view name) {
    if (name.empty()) return HeaderId::other;
    for (std::size_t place = hash(name); table[place] != 0; place = (place + 1) % table_size) {
        const Name& candidate = names[table[place] - 1u];
        if (iequals(candidate.text, name)) return candidate.id;
    }
    return HeaderId::other;
}

std::string_view to_string(HeaderId id) {
    return id == HeaderId::other ? std::string_view() : names[static_cast<std::size_t>(id) - 1].text;
}

}  // namespace causeway::sip
