import {addTour} from "@subscriptions/../tests/tours/add_tour";
import {
    enterAnotherCard,
    enterCard,
    follow,
    page,
    payWithSaved,
    see,
} from "@subscriptions/../tests/tours/portal_steps";

addTour("portal_method", {
    steps: () => [
        follow("[name=payment_method] a:contains('Change')"),
        page("#o_payment_form"),
        see("[name=current_method]", "1234"),
        ...enterCard(),
        see("[name=payment_method]", "9876"),
    ],
});

addTour("portal_overdue", {
    steps: () => [
        follow("[name=overdue_alert] a:contains('Pay now')"),
        ...payWithSaved(),
        see(".o_portal_invoice_sidebar", "Paid"),
    ],
});

addTour("portal_declined", {
    steps: () => [
        follow("[name=payment_alert] a:contains('Pay now')"),
        ...enterAnotherCard(),
        see(".o_portal_invoice_sidebar", "Paid"),
    ],
});
