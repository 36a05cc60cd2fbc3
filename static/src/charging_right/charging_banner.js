import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {session} from "@web/session";
import {useService} from "@web/core/utils/hooks";

// A bar above all pages of a copy of the database. It is there from the start of the page
// to its end: who moves the right to charge has the page loaded anew.

export class ChargingBanner extends Component {
    static template = "subscriptions.ChargingBanner";
    static props = {text: String, can_move: Boolean};

    setup() {
        this.action = useService("action");
    }

    onClick() {
        this.action.doAction("subscriptions.subscription_move_charging_action");
    }
}

if (session.subscription_charging_banner) {
    registry.category("main_components").add("subscriptions.ChargingBanner", {
        Component: ChargingBanner,
        props: session.subscription_charging_banner,
    });
}
