import {
    enterAnotherCard,
    enterCard,
    follow,
    page,
    payWithSaved,
    see,
} from "@subscriptions/../tests/tours/portal_steps";
import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

tours.add("portal_method", {
    steps: () => [
        follow("[name=payment_method] a:contains('Change')"),
        page("#o_payment_form"),
        see("[name=current_method]", "1234"),
        ...enterCard(),
        see("[name=payment_method]", "9876"),
    ],
});

tours.add("portal_overdue", {
    steps: () => [
        follow("[name=overdue_alert] a:contains('Pay now')"),
        ...payWithSaved(),
        see(".o_portal_invoice_sidebar", "Paid"),
    ],
});

tours.add("portal_declined", {
    steps: () => [
        follow("[name=payment_alert] a:contains('Pay now')"),
        ...enterAnotherCard(),
        see(".o_portal_invoice_sidebar", "Paid"),
    ],
});
