// What gives one side of a call away, read from the bytes on the wire alone (not by the code under test):
// Call-IDs, tags, branches and addresses of the messages seen on that side. None of it may be found in what
// is sent on the other side (topology hiding, RFC 5853 section 3.1).
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace causeway::fakes {

class Secrets {
  public:
    // Texts of less than four characters are no secret: they turn up by chance.
    void add(std::string_view text) {
        if (text.size() < prefix_size) return;
        auto& same = by_prefix_[prefix(text.data())];
        if (std::find(same.begin(), same.end(), text) == same.end()) same.emplace_back(text);
    }
    // Identifiers of one message, received or sent.
    void read(std::string_view message) {
        static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> marks{
            {{"branch=", ";,>\r\n "},
             {"tag=", ";,>\r\n "},
             {"received=", ";,>\r\n "},
             {"Call-ID: ", "\r\n"},
             {"IN IP4 ", "\r\n"}}};
        for (const auto& [mark, ends] : marks) {
            for (auto at = message.find(mark); at != std::string_view::npos; at = message.find(mark, at)) {
                at += mark.size();
                add(message.substr(at, message.find_first_of(ends, at) - at));
            }
        }
    }
    // What both sides may know: the media address of the gateway, say.
    void forget(std::string_view text) {
        if (const auto same = by_prefix_.find(prefix(text.data())); same != by_prefix_.end()) {
            std::erase(same->second, text);
        }
    }
    // Those that the text holds.
    std::vector<std::string> found_in(std::string_view text) const {
        std::vector<std::string> out;
        for (std::size_t at = 0; at + prefix_size <= text.size(); ++at) {
            const auto same = by_prefix_.find(prefix(text.data() + at));
            if (same == by_prefix_.end()) continue;
            for (const auto& secret : same->second) {
                if (text.substr(at, secret.size()) == secret) out.push_back(secret);
            }
        }
        return out;
    }
    std::size_t size() const {
        std::size_t n = 0;
        for (const auto& [p, same] : by_prefix_) n += same.size();
        return n;
    }

  private:
    static constexpr std::size_t prefix_size = 4;
    static std::uint32_t prefix(const char* text) {
        std::uint32_t value;
        std::memcpy(&value, text, prefix_size);
        return value;
    }
    std::unordered_map<std::uint32_t, std::vector<std::string>> by_prefix_;
};

}  // namespace causeway::fakes
