// Where a request comes from and where a call goes: trunks, extensions and prefixes of the configuration.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "host/call/config.hpp"

namespace causeway::call {

// One way to reach a called number.
struct Target {
    const Trunk* trunk = nullptr;
    Endpoint remote;     // where the INVITE goes
    std::string number;  // as the other side shall see it
};

class Router {
  public:
    // `config` must outlive the router.
    explicit Router(const Config& config) : config_(config) {}

    // The trunk that a request belongs to: one whose target is the very source, else one whose sources name
    // the address and whose listener received it, else one whose sources name the address. Null for
    // strangers.
    const Trunk* source(const sip::Hop& from) const;
    // The number that a Request-URI calls: the user part of a SIP URI, the digits of a tel URI. Empty where
    // there is none.
    static std::string called_number(const sip::Uri& request_uri);
    // An extension of that number, else the longest matching prefix. Nothing where no route exists.
    std::optional<Target> target(std::string_view number) const;
    // That of the trunk's name; one without rules where there is none.
    const Profile& profile(const Trunk& trunk) const;

  private:
    const Trunk* trunk(std::string_view name) const;
    const Config& config_;
};

// A configuration and its router, as one call found them: a reload leaves running calls with what they began
// with.
struct Plan {
    explicit Plan(Config c) : config(std::move(c)), router(config) {}
    Plan(const Plan&) = delete;
    Plan& operator=(const Plan&) = delete;
    const Config config;
    const Router router;
};
using PlanPtr = std::shared_ptr<const Plan>;

}  // namespace causeway::call
