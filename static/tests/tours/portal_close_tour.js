import {addTour} from "@subscriptions/../tests/tours/add_tour";
import {
    FORM,
    NOTICE,
    act,
    click,
    confirm,
    follow,
    page,
    see,
    type,
} from "@subscriptions/../tests/tours/portal_steps";
const REASON = `${FORM} label:contains("Too expensive")`;

addTour("portal_close", {
    steps: () => [
        ...act("close"),
        type(`${FORM} textarea[name=remark]`, "A <b>bolder</b> seat"),
        click(REASON),
        see("[name=effect_texts]", "ends on"),
        see("[name=offer]", "96.00"),
        confirm("End the subscription now"),
        see(NOTICE),
        follow("[name=ending_alert] a:contains('Keep the subscription')"),
        page(FORM),
        see("[name=next_total]", "120.00"),
        confirm("Keep it"),
        see(NOTICE, "goes on"),
        see("[name=next_invoice]", "120.00"),
        see("nav[name=actions] a[name=close]"),
    ],
});

addTour("portal_close_offer", {
    steps: () => [
        ...act("close"),
        click(REASON),
        see("[name=offer]", "96.00"),
        follow("[name=offer] button[name=take_offer]:enabled"),
        see(NOTICE, "you took our offer"),
        see("[name=next_invoice]", "96.00"),
    ],
});

addTour("portal_cancel_online", {
    steps: () => [
        follow("[name=cancel_contracts] a:contains('Cancel contracts here')"),
        page("#cancellation_contract:value(/^S/)"),
        type("#cancellation_name", "Ada Example"),
        type("#cancellation_email", "ada@example.com"),
        follow("button:contains('Cancel now')"),
        see("h1", "We have received your cancellation"),
        see("main", "Ada Example"),
        see("main", "as soon as possible"),
    ],
});
