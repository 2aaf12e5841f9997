// What gives one side of a call away, read from the bytes on the wire alone (not by the code under test):
// Call-IDs, tags, branches, addresses and hosts of all messages seen on that side. None of it may be found in
// what is sent on the other side (topology hiding, RFC 5853 section 3.1).
#pragma once

#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::fakes {

class Secrets {
  public:
    void add(std::string_view text) {
        if (text.size() >= 4) texts_.emplace(text);
    }
    // Identifiers of one message, received or sent.
    void read(std::string_view message) {
        static const std::regex pattern(
            R"((?:branch|tag|received)=([^;>,\s]+)|(?:Call-ID|i)\s*:\s*(\S+)|[@:](?:sip:)?((?:\d{1,3}\.){3}\d{1,3})|IN IP[46] (\S+))",
            std::regex::icase);
        for (std::cregex_iterator it(message.data(), message.data() + message.size(), pattern), end;
             it != end; ++it) {
            for (std::size_t i = 1; i < it->size(); ++i) {
                if ((*it)[i].matched) add(std::string((*it)[i]));
            }
        }
    }
    // What both sides may know: the media address of the gateway, say.
    void forget(std::string_view text) { texts_.erase(std::string(text)); }

    // Those that the text holds.
    std::vector<std::string> found_in(std::string_view text) const {
        std::vector<std::string> out;
        for (const auto& t : texts_) {
            if (text.find(t) != std::string_view::npos) out.push_back(t);
        }
        return out;
    }
    std::size_t size() const { return texts_.size(); }

  private:
    std::set<std::string> texts_;
};

}  // namespace causeway::fakes
