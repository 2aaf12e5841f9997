#include "host/sip/dialog.hpp"

#include <algorithm>

#include "host/base/text.hpp"

namespace causeway::sip {

namespace {

std::string without_tag(const NameAddr& address) {
    NameAddr out = address;
    out.params.erase("tag");
    return out.to_string();
}

std::string with_tag(const std::string& address, const std::string& tag) {
    return tag.empty() ? address : address + ";tag=" + tag;
}

// As a Request-URI: without the method parameter and the headers that only a Contact may have (19.1.1).
std::string as_request_uri(const Uri& uri) {
    Uri out = uri;
    out.params.erase("method");
    out.headers.clear();
    return out.to_string();
}

// The URI of the first Contact; empty where there is none that can be read.
std::string contact_uri(const Message& message) {
    const auto contacts = message.values(HeaderId::contact);
    if (contacts.empty()) return {};
    const auto contact = NameAddr::parse(contacts.front());
    return contact ? as_request_uri(contact->uri) : std::string();
}

Result<std::vector<std::string>> record_routes(const Message& message) {
    std::vector<std::string> out;
    for (const std::string_view value : message.values(HeaderId::record_route)) {
        auto route = NameAddr::parse(value);
        if (!route) return fail("Record-Route: " + route.error().what);
        route->display.clear();  // so that every route begins with its '<'
        out.push_back(route->to_string());
    }
    return out;
}

// 12.1.2: a UAC uses the route set in the reverse order.
Result<std::vector<std::string>> reversed_record_routes(const Message& message) {
    auto routes = record_routes(message);
    if (routes) std::reverse(routes->begin(), routes->end());
    return routes;
}

// The URI between the brackets of a route of ours.
std::string_view uri_of(std::string_view route) {
    return route.substr(1, route.find('>') - 1);
}

bool is_2xx(const Message& response) {
    return response.status() >= 200 && response.status() < 300;
}

}  // namespace

std::string_view to_string(DialogState state) {
    switch (state) {
        case DialogState::early:
            return "early";
        case DialogState::confirmed:
            return "confirmed";
        case DialogState::terminated:
            break;
    }
    return "terminated";
}

Result<Dialog> Dialog::from_request(const Message& request, std::string_view local_tag) {
    Dialog d;
    d.remote_target = contact_uri(request);
    // A caller of RFC 2543, who had no tags, could leave it out, too: RFC 4475 3.4.1.
    const bool old = request.from().tag().empty() && !request.has(HeaderId::contact);
    if (old) d.remote_target = as_request_uri(request.from().uri);
    if (d.remote_target.empty()) return fail("Contact: a request that makes a dialog needs one");
    auto routes = record_routes(request);
    if (!routes) return tl::make_unexpected(routes.error());
    d.routes = std::move(*routes);
    d.id = {std::string(request.call_id()), std::string(local_tag), std::string(request.from().tag())};
    d.remote_cseq = request.cseq().number;
    d.remote_cseq_known = true;
    d.local_uri = without_tag(request.to());
    d.remote_uri = without_tag(request.from());
    d.secure = istarts_with(request.request_uri(), "sips:");
    return d;
}

Result<Dialog> Dialog::from_response(const Message& request, const Message& response) {
    if (response.status() <= 100 || response.status() >= 300) return fail("a response that makes no dialog");
    if (response.to().tag().empty()) return fail("To: a response that makes a dialog needs a tag");
    auto routes = reversed_record_routes(response);
    if (!routes) return tl::make_unexpected(routes.error());
    Dialog d;
    d.routes = std::move(*routes);
    d.state = is_2xx(response) ? DialogState::confirmed : DialogState::early;
    d.id = id_of_response(response);
    d.local_cseq = request.cseq().number;
    d.local_uri = without_tag(request.from());
    d.remote_uri = without_tag(request.to());
    d.remote_target = contact_uri(response);
    if (d.remote_target.empty()) d.remote_target = request.request_uri();
    d.secure = istarts_with(request.request_uri(), "sips:");
    return d;
}

DialogId Dialog::id_of_response(const Message& response) {
    return {std::string(response.call_id()), std::string(response.from().tag()),
            std::string(response.to().tag())};
}

void Dialog::confirm(const Message& response_2xx) {
    if (state != DialogState::early) return;
    state = DialogState::confirmed;
    if (response_2xx.from().tag() != id.local_tag) return;  // ours: the request has said all
    if (auto again = reversed_record_routes(response_2xx)) routes = std::move(*again);
    refresh_target(response_2xx);
}

MessageBuilder Dialog::request(Method method, std::uint32_t ack_cseq) {
    std::string request_uri = remote_target;
    std::vector<std::string> route = routes;
    if (!route.empty()) {
        const auto first = Uri::parse(uri_of(route.front()));
        if (first && !first->params.has("lr")) {  // a strict router takes the Request-URI for itself
            request_uri = as_request_uri(*first);
            route.erase(route.begin());
            route.push_back("<" + remote_target + ">");
        }
    }
    std::uint32_t cseq = ack_cseq;
    if (method != Method::ack && method != Method::cancel) cseq = ++local_cseq;

    MessageBuilder builder = MessageBuilder::request(method, request_uri);
    for (const std::string& r : route) builder.add(HeaderId::route, r);
    builder.add(HeaderId::max_forwards, "70");
    builder.add(HeaderId::from, with_tag(local_uri, id.local_tag));
    builder.add(HeaderId::to, with_tag(remote_uri, id.remote_tag));
    builder.add(HeaderId::call_id, id.call_id);
    builder.add(HeaderId::cseq, std::to_string(cseq).append(" ").append(to_string(method)));
    return builder;
}

std::string_view Dialog::next_hop() const {
    return routes.empty() ? std::string_view(remote_target) : uri_of(routes.front());
}

InDialogVerdict Dialog::check(const Message& request) {
    // ACK and CANCEL carry the number of another request (12.2.2, 9.1).
    if (request.method() == Method::ack || request.method() == Method::cancel) return InDialogVerdict::accept;
    const std::uint32_t number = request.cseq().number;
    if (remote_cseq_known && number < remote_cseq) return InDialogVerdict::out_of_order;
    remote_cseq = number;
    remote_cseq_known = true;
    return InDialogVerdict::accept;
}

void Dialog::refresh_target(const Message& message) {
    if (!message.is_request() && !is_2xx(message)) return;
    if (std::string target = contact_uri(message); !target.empty()) remote_target = std::move(target);
}

}  // namespace causeway::sip
