// Profiles: what is peculiar to the peers of a trunk, as data. A message that crosses from one leg to the
// other is first stripped of what would show where it comes from (crossing.hpp); the `in` rules of the trunk
// that sent it and then the `out` rules of the trunk that gets it work on what is left. No rule reaches what
// is each leg's own (Via, Contact, Call-ID, keys, addresses): a profile cannot undo topology hiding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/result.hpp"
#include "host/media/speech.hpp"
#include "host/sdp/session.hpp"
#include "host/sip/headers.hpp"

namespace causeway::call {

// Header fields to add to a message, in order.
using ExtraHeaders = std::vector<std::pair<std::string, std::string>>;

// Whose number: the called party's stands in Request-URI and To, the calling party's in From,
// P-Asserted-Identity and P-Preferred-Identity.
enum class Party : std::uint8_t { called, calling };

// For numbers that begin with `prefix`. Of the rules that fit, the one with the longest prefix applies; among
// equals the first.
struct NumberRule {
    std::optional<Party> of;  // absent: of both
    std::string prefix;       // "" fits all
    std::size_t strip = 0;    // characters taken off the front
    std::string prepend;
    bool operator==(const NumberRule&) const = default;
};

// Changes the value of a field, or sets the field.
struct HeaderRule {
    enum class On : std::uint8_t { all, requests, responses };
    std::string name;
    On on = On::all;
    // A text in which each '*' stands for any characters, as few as fit. Fields whose value it fits are
    // changed. Absent: one field of that name with that value is all there is afterwards.
    std::optional<std::string> match;
    std::string value;  // $1 to $9 are what the first to ninth '*' stand for; $$ is a dollar sign
    bool operator==(const HeaderRule&) const = default;
};

// A final response above 2xx of the trunk to an INVITE of ours: what the caller gets instead.
struct ReplyRule {
    int from = 0, to = 0;
    std::string reason;  // phrase; empty: the usual one
    bool operator==(const ReplyRule&) const = default;
};

struct CodecRule {
    std::string name;                         // compared without case
    std::optional<std::uint32_t> clock_rate;  // Hz; absent: any
    bool operator==(const CodecRule&) const = default;
};

// What is done with the messages of one direction, in this order: fields, header rules, numbers.
struct MessageRules {
    // Names of fields, or their beginnings with a '*' behind. A field passes if `keep` is empty or names it,
    // and `drop` does not.
    std::vector<std::string> keep{}, drop{};
    std::vector<HeaderRule> headers{};  // in order
    std::vector<NumberRule> numbers{};
    bool operator==(const MessageRules&) const = default;
};

// Of every description that comes from the trunk or goes to it.
struct SdpRules {
    std::vector<CodecRule> codecs;  // those allowed on RTP m-lines, in that order; empty: all, as they come
    // Names of attributes that cross, as in MessageRules.
    std::vector<std::string> keep_attributes, drop_attributes;
    // Offered to the trunk besides what the other side offers; speech is converted where one of these is what
    // the two sides have.
    std::vector<media::Speech> transcode{};
    // Speech from the trunk is played out of a jitter buffer, speech to it comes in packets of that length.
    std::optional<media::DelayBounds> jitter_buffer{};
    std::optional<Duration> packet{};
    bool operator==(const SdpRules&) const = default;
};

struct Profile {
    std::string name;
    MessageRules in, out;  // for what the trunk sends us, and what we send to it
    SdpRules sdp;
    std::vector<ReplyRule> replies;
    bool operator==(const Profile&) const = default;
};

// What rules did, in words, for those who try a profile.
using RuleNotes = std::vector<std::string>;

// Whether rules may name the field: those that cross from leg to leg, unknown ones included. Not what each
// leg has of its own, nor what is between us and one peer (authentication).
bool is_field_for_rules(std::string_view name);
// The same for attributes: not those of transport, keys, payload formats and directions.
bool is_attribute_for_rules(std::string_view name);
// How many '*' a pattern has, and the highest $N of a value; nothing where a $ is followed by neither.
std::size_t wildcards(std::string_view pattern);
std::optional<std::size_t> highest_reference(std::string_view value);

// Whether a field of that name passes `keep` and `drop`.
bool passes(const MessageRules& rules, std::string_view name);
// The fields of a message that crosses: what rules may not name stays as it is.
void apply(const MessageRules& rules, bool is_request, ExtraHeaders& fields, RuleNotes* notes = nullptr);
// A telephone number ('+', digits, '*', '#'; visual separators are taken off) as the rules leave it; anything
// else as it is.
std::string apply(const MessageRules& rules, Party party, std::string_view number,
                  RuleNotes* notes = nullptr);
// The same for the number of a SIP or tel URI.
void apply(const MessageRules& rules, Party party, sip::Uri& uri, RuleNotes* notes = nullptr);
// Error where RTP was to flow and no m-line has a codec left (what only goes with speech, such as
// telephone-event, is none): 488. Other m-lines without one are disabled.
Result<void> apply(const SdpRules& rules, sdp::Session& session, RuleNotes* notes = nullptr);
// Null where no rule is for the status.
const ReplyRule* reply_rule(const Profile& profile, int status);

}  // namespace causeway::call
