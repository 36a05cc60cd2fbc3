import {addTour} from "@subscriptions/../tests/tours/add_tour";
import {
    FORM,
    NOTICE,
    accept,
    act,
    click,
    confirm,
    enterCard,
    follow,
    oneMore,
    page,
    payWithSaved,
    see,
    seeRemembered,
    sign,
    remember,
} from "@subscriptions/../tests/tours/portal_steps";

// From the link in a mail to the last day, by the pages alone.
addTour("portal_story", {
    steps: () => [
        ...accept("Sign & Pay"),
        ...sign(),
        see(".modal.show [name=contract_acceptance]", "60.00"),
        ...enterCard(),
        see("[name=paid_alert]", "Thank you!"),

        ...act("change"),
        oneMore("Seat"),
        see("[name=next_total]", "120.00"),
        remember("[name=charged]"),
        confirm("Continue to payment"),
        seeRemembered(".modal.show [name=contract_acceptance]"),
        ...payWithSaved(),
        see("[name=paid_alert]", "Thank you!"),
        see("table[name=recurring]", "2.00"),

        ...act("pause"),
        confirm("Pause now"),
        see(NOTICE, "is paused"),
        ...act("resume"),
        confirm("Resume now"),
        see(NOTICE, "goes on"),

        ...act("close"),
        click(`${FORM} label:contains("No longer needed")`),
        see("[name=effect_texts]", "ends on"),
        confirm("End the subscription now"),
        see("[name=ending_alert]", "This contract ends on"),
        see("#invoices tr[name=invoice]:nth-child(2)"),
        follow("[name=ending_alert] a:contains('Keep the subscription')"),
        page(FORM),
    ],
});
