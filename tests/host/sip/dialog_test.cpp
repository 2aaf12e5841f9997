#include "host/sip/dialog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace causeway::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

MessageBuilder invite_builder(std::string_view uri = "sip:bob@biloxi.example") {
    MessageBuilder builder = MessageBuilder::request(Method::invite, uri);
    builder.add(HeaderId::via, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1")
        .add(HeaderId::from, "Alice <sip:alice@atlanta.example;x=1>;tag=a1;y=2")
        .add(HeaderId::to, "\"Bob, B.\" <sip:bob@biloxi.example>")
        .add(HeaderId::call_id, "call-1")
        .add(HeaderId::cseq, "7 INVITE");
    return builder;
}

Message invite() {
    return invite_builder()
        .add(HeaderId::contact, "<sip:alice@192.0.2.1:5070;transport=udp>;expires=60")
        .add(HeaderId::record_route, "<sip:p2.example;lr>, P1 <sip:p1.example;lr;z>;q=1")
        .add(HeaderId::record_route, "<sip:p0.example;lr>")
        .build();
}

Message response(int status, std::string_view to_tag, std::string_view contact = "<sip:bob@192.0.2.9>",
                 std::vector<std::string_view> record_routes = {}) {
    MessageBuilder builder = MessageBuilder::response_to(invite_builder().build(), status, to_tag);
    if (!contact.empty()) builder.add(HeaderId::contact, contact);
    for (const auto route : record_routes) builder.add(HeaderId::record_route, route);
    return builder.build();
}

Dialog caller(std::vector<std::string_view> record_routes = {},
              std::string_view contact = "<sip:bob@192.0.2.9>") {
    return *Dialog::from_response(invite(), response(200, "b1", contact, std::move(record_routes)));
}

Message peer_request(Method method, std::uint32_t cseq, std::string_view contact = {}) {
    MessageBuilder builder = MessageBuilder::request(method, "sip:alice@192.0.2.1");
    builder.add(HeaderId::via, "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK2")
        .add(HeaderId::from, "<sip:bob@biloxi.example>;tag=b1")
        .add(HeaderId::to, "<sip:alice@atlanta.example>;tag=a1")
        .add(HeaderId::call_id, "call-1")
        .add(HeaderId::cseq, std::to_string(cseq) + " " + std::string(to_string(method)));
    if (!contact.empty()) builder.add(HeaderId::contact, contact);
    return builder.build();
}

// ---- construction

TEST(Dialog, OfTheCalleeIsMadeOfTheRequest_RFC3261_12_1_1) {
    const auto d = Dialog::from_request(invite(), "b1");
    ASSERT_TRUE(d) << d.error().what;
    EXPECT_EQ(d->id, (DialogId{"call-1", "b1", "a1"}));
    EXPECT_EQ(d->state, DialogState::early);
    EXPECT_EQ(to_string(d->state), "early");
    EXPECT_TRUE(d->remote_cseq_known);
    EXPECT_EQ(d->remote_cseq, 7u);
    EXPECT_EQ(d->local_cseq, 0u);
    EXPECT_EQ(d->remote_target, "sip:alice@192.0.2.1:5070;transport=udp");
    EXPECT_EQ(d->local_uri, "\"Bob, B.\" <sip:bob@biloxi.example>");
    EXPECT_EQ(d->remote_uri, "\"Alice\" <sip:alice@atlanta.example;x=1>;y=2");
    EXPECT_THAT(d->routes, ElementsAre("<sip:p2.example;lr>", "<sip:p1.example;lr;z>;q=1",
                                       "<sip:p0.example;lr>"));  // in order
    EXPECT_FALSE(d->secure);
}

TEST(Dialog, OfTheCallerIsMadeOfTheResponse_RFC3261_12_1_2) {
    const Message ringing = response(180, "b1", "Bob <sip:bob@192.0.2.9:5080>",
                                     {"<sip:p2.example;lr>, <sip:p1.example;lr>", "<sip:p0.example;lr>"});
    const auto d = Dialog::from_response(invite(), ringing);
    ASSERT_TRUE(d) << d.error().what;
    EXPECT_EQ(d->id, (DialogId{"call-1", "a1", "b1"}));
    EXPECT_EQ(Dialog::id_of_response(ringing), d->id);
    EXPECT_EQ(d->state, DialogState::early);
    EXPECT_EQ(d->local_cseq, 7u);
    EXPECT_FALSE(d->remote_cseq_known);
    EXPECT_EQ(d->remote_target, "sip:bob@192.0.2.9:5080");
    EXPECT_EQ(d->local_uri, "\"Alice\" <sip:alice@atlanta.example;x=1>;y=2");
    EXPECT_EQ(d->remote_uri, "\"Bob, B.\" <sip:bob@biloxi.example>");
    EXPECT_THAT(d->routes, ElementsAre("<sip:p0.example;lr>", "<sip:p1.example;lr>",
                                       "<sip:p2.example;lr>"));  // reversed
    EXPECT_EQ(Dialog::from_response(invite(), response(200, "b1"))->state, DialogState::confirmed);
}

TEST(Dialog, IsSecureWhereTheRequestUriIsSips_RFC3261_12_1) {
    const Message request =
        invite_builder("sips:bob@biloxi.example").add(HeaderId::contact, "<sips:alice@192.0.2.1>").build();
    EXPECT_TRUE(Dialog::from_request(request, "b1")->secure);
    EXPECT_TRUE(Dialog::from_response(request, response(200, "b1"))->secure);
}

TEST(Dialog, IsNotMadeOfWhatLacksItsParts_RFC3261_12_1) {
    EXPECT_FALSE(Dialog::from_request(invite_builder().build(), "b1"));  // no Contact
    EXPECT_FALSE(Dialog::from_request(invite_builder().add(HeaderId::contact, "*").build(), "b1"));
    EXPECT_FALSE(Dialog::from_request(invite_builder()
                                          .add(HeaderId::contact, "<sip:alice@192.0.2.1>")
                                          .add(HeaderId::record_route, "<sip:p1")
                                          .build(),
                                      "b1"));
    EXPECT_FALSE(Dialog::from_response(invite(), response(100, "b1")));
    EXPECT_FALSE(Dialog::from_response(invite(), response(180, "")));
    EXPECT_FALSE(Dialog::from_response(invite(), response(486, "b1")));
    EXPECT_FALSE(Dialog::from_response(invite(), response(200, "b1", "<sip:b@c>", {"<sip:p1"})));
}

// Real elements send 18x without Contact; the call need not fail for it.
TEST(Dialog, AResponseWithoutContactLeavesTheRequestUriAsTarget_RFC3261_12_1_2) {
    EXPECT_EQ(Dialog::from_response(invite(), response(183, "b1", ""))->remote_target,
              "sip:bob@biloxi.example");
}

TEST(Dialog, PeersOfRfc2543HaveNoTag_RFC3261_12_1_1) {
    const Message request = MessageBuilder::request(Method::invite, "sip:bob@biloxi.example")
                                .add(HeaderId::via, "SIP/2.0/UDP 192.0.2.1")
                                .add(HeaderId::from, "<sip:alice@atlanta.example>")
                                .add(HeaderId::to, "<sip:bob@biloxi.example>")
                                .add(HeaderId::call_id, "c")
                                .add(HeaderId::cseq, "1 INVITE")
                                .add(HeaderId::contact, "<sip:alice@192.0.2.1>")
                                .build();
    Dialog d = *Dialog::from_request(request, "b1");
    EXPECT_EQ(d.id.remote_tag, "");
    EXPECT_EQ(d.request(Method::bye).build().first(HeaderId::to), "<sip:alice@atlanta.example>");
}

// ---- forks

TEST(Dialog, ForksMakeEarlyDialogsOfTheirOwn_RFC3261_12_1_2_13_2_2_4) {
    std::vector<Dialog> dialogs;
    for (const char* tag : {"b1", "b2"})
        dialogs.push_back(*Dialog::from_response(
            invite(),
            response(180, tag, "<sip:" + std::string(tag) + "@192.0.2.9>", {"<sip:old.example;lr>"})));
    EXPECT_NE(dialogs[0].id, dialogs[1].id);

    EXPECT_EQ(dialogs[1].request(Method::prack).build().cseq().number, 8u);
    dialogs[1].confirm(
        response(200, "b2", "<sip:b2@192.0.2.10>", {"<sip:n1.example;lr>", "<sip:n2.example;lr>"}));
    EXPECT_EQ(dialogs[1].state, DialogState::confirmed);
    EXPECT_THAT(dialogs[1].routes, ElementsAre("<sip:n2.example;lr>", "<sip:n1.example;lr>"));
    EXPECT_EQ(dialogs[1].remote_target, "sip:b2@192.0.2.10");
    EXPECT_EQ(dialogs[1].local_cseq, 8u);  // not back to the INVITE

    EXPECT_EQ(dialogs[0].state, DialogState::early);
    EXPECT_THAT(dialogs[0].routes, ElementsAre("<sip:old.example;lr>"));
    EXPECT_EQ(dialogs[0].remote_target, "sip:b1@192.0.2.9");
}

TEST(Dialog, ConfirmingTakesTheRouteSetOfThe2xxEvenIfEmptyAndOnlyOnce_RFC3261_13_2_2_4) {
    Dialog d = *Dialog::from_response(invite(), response(180, "b1", "<sip:b@c>", {"<sip:p.example;lr>"}));
    d.confirm(response(200, "b1"));
    EXPECT_THAT(d.routes, IsEmpty());
    d.confirm(response(200, "b1", "<sip:elsewhere@c>", {"<sip:q.example;lr>"}));
    EXPECT_THAT(d.routes, IsEmpty());
    EXPECT_EQ(d.remote_target, "sip:bob@192.0.2.9");
}

TEST(Dialog, TheCalleesOwn2xxConfirmsAndLeavesItsRouteSetInOrder_RFC3261_12_1_1) {
    Dialog d = *Dialog::from_request(invite(), "b1");
    const auto routes = d.routes;
    d.confirm(MessageBuilder::response_to(invite(), 200, "b1")
                  .add(HeaderId::contact, "<sip:us@192.0.2.9>")
                  .build());
    EXPECT_EQ(d.state, DialogState::confirmed);
    EXPECT_EQ(d.routes, routes);
    EXPECT_EQ(d.remote_target, "sip:alice@192.0.2.1:5070;transport=udp");
}

// ---- requests within it

TEST(Dialog, ARequestCarriesItsState_RFC3261_12_2_1_1) {
    Dialog d = caller();
    const Message bye = d.request(Method::bye).build();
    EXPECT_EQ(bye.request_uri(), "sip:bob@192.0.2.9");
    EXPECT_EQ(bye.first(HeaderId::from), "\"Alice\" <sip:alice@atlanta.example;x=1>;y=2;tag=a1");
    EXPECT_EQ(bye.from().tag(), "a1");
    EXPECT_EQ(bye.to().tag(), "b1");
    EXPECT_EQ(bye.call_id(), "call-1");
    EXPECT_EQ(bye.first(HeaderId::cseq), "8 BYE");
    EXPECT_EQ(bye.first(HeaderId::max_forwards), "70");
    EXPECT_FALSE(bye.has(HeaderId::route));
    EXPECT_EQ(d.next_hop(), "sip:bob@192.0.2.9");
    EXPECT_EQ(d.request(Method::info).build().cseq().number, 9u);
}

TEST(Dialog, TheAckHasTheNumberOfItsInvite_RFC3261_13_2_2_4) {
    Dialog d = caller();
    d.request(Method::invite);
    d.request(Method::info);
    EXPECT_EQ(d.request(Method::ack, 8).build().first(HeaderId::cseq), "8 ACK");
    EXPECT_EQ(d.request(Method::bye).build().first(HeaderId::cseq), "10 BYE");
}

TEST(Dialog, TheFirstRequestOfACalleeIsNumbered_RFC3261_12_2_1_1) {
    Dialog d = *Dialog::from_request(invite(), "b1");
    EXPECT_EQ(d.request(Method::bye).build().first(HeaderId::cseq), "1 BYE");
}

TEST(Dialog, LooseRoutersGetTheRouteSetAsItIs_RFC3261_12_2_1_1) {
    Dialog d = caller({"<sip:p2.example;lr>", "Name <sip:p1.example:5070;lr=on;a>;q=1"});
    const Message m = d.request(Method::bye).build();
    EXPECT_EQ(m.request_uri(), "sip:bob@192.0.2.9");
    EXPECT_THAT(m.values(HeaderId::route),
                ElementsAre("<sip:p1.example:5070;lr=on;a>;q=1", "<sip:p2.example;lr>"));
    EXPECT_EQ(d.next_hop(), "sip:p1.example:5070;lr=on;a");
}

TEST(Dialog, AStrictRouterIsTheRequestUriAndTheTargetTheLastRoute_RFC3261_12_2_1_1) {
    Dialog d = caller({"<sip:p2.example;lr>", "<sip:p1.example;method=INVITE;maddr=192.0.2.5?Subject=x>"});
    const Message m = d.request(Method::bye).build();
    EXPECT_EQ(m.request_uri(), "sip:p1.example;maddr=192.0.2.5");  // without what 19.1.1 forbids there
    EXPECT_THAT(m.values(HeaderId::route), ElementsAre("<sip:p2.example;lr>", "<sip:bob@192.0.2.9>"));
    EXPECT_TRUE(d.next_hop().starts_with("sip:p1.example"));

    // A strict router further on changes nothing here.
    Dialog loose_first = caller({"<sip:p2.example>", "<sip:p1.example;lr>"});
    const Message n = loose_first.request(Method::bye).build();
    EXPECT_EQ(n.request_uri(), "sip:bob@192.0.2.9");
    EXPECT_THAT(n.values(HeaderId::route), ElementsAre("<sip:p1.example;lr>", "<sip:p2.example>"));
}

TEST(Dialog, AContactLosesWhatNoRequestUriMayHave_RFC3261_19_1_1) {
    EXPECT_EQ(caller({}, "<sip:bob@192.0.2.9;method=BYE;transport=tcp?Route=%3Csip:evil%3E>").remote_target,
              "sip:bob@192.0.2.9;transport=tcp");
}

// ---- requests received

TEST(Dialog, CSeqMustNotGoBack_RFC3261_12_2_2) {
    Dialog d = caller();
    EXPECT_EQ(d.check(peer_request(Method::info, 100)), InDialogVerdict::accept);  // the first one sets it
    EXPECT_EQ(d.remote_cseq, 100u);
    EXPECT_EQ(d.check(peer_request(Method::invite, 110)), InDialogVerdict::accept);  // gaps are allowed
    EXPECT_EQ(d.check(peer_request(Method::info, 109)), InDialogVerdict::out_of_order);
    EXPECT_EQ(d.remote_cseq, 110u);
    EXPECT_EQ(d.check(peer_request(Method::ack, 109)), InDialogVerdict::accept);  // of an earlier INVITE
    EXPECT_EQ(d.check(peer_request(Method::cancel, 110)), InDialogVerdict::accept);
    EXPECT_EQ(d.remote_cseq, 110u);
    EXPECT_EQ(d.check(peer_request(Method::bye, 2147483647)), InDialogVerdict::accept);

    Dialog callee = *Dialog::from_request(invite(), "b1");
    EXPECT_EQ(callee.check(peer_request(Method::bye, 6)), InDialogVerdict::out_of_order);
    EXPECT_EQ(callee.check(peer_request(Method::bye, 8)), InDialogVerdict::accept);
}

TEST(Dialog, TheTargetIsRefreshedByRequestsAnd2xxThatHaveAContact_RFC3261_12_2_1_2_12_2_2) {
    Dialog d = caller({"<sip:p1.example;lr>"});
    d.refresh_target(peer_request(Method::invite, 1, "<sip:bob@198.51.100.1>"));
    EXPECT_EQ(d.remote_target, "sip:bob@198.51.100.1");
    d.refresh_target(response(200, "b1", "<sip:bob@198.51.100.2>", {"<sip:other.example;lr>"}));
    EXPECT_EQ(d.remote_target, "sip:bob@198.51.100.2");
    d.refresh_target(response(491, "b1", "<sip:bob@198.51.100.3>"));
    d.refresh_target(peer_request(Method::update, 2));
    EXPECT_EQ(d.remote_target, "sip:bob@198.51.100.2");
    EXPECT_THAT(d.routes, ElementsAre("<sip:p1.example;lr>"));  // the route set stays for the dialog's life
}

}  // namespace
}  // namespace causeway::sip
