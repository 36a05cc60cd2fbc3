import {ListRenderer} from "@web/views/list/list_renderer";
import {listView} from "@web/views/list/list_view";
import {registry} from "@web/core/registry";

// Held contracts by cause: the head of each group says what has happened and what mends
// it, and its button tries again what the list shows of the group.

export class HoldDeskRenderer extends ListRenderer {
    static groupRowTemplate = "subscriptions.HoldDesk.GroupRow";

    getGroupButtonParams(group, button) {
        return {
            ...button.clickParams,
            buttonContext: {subscription_desk_domain: group.groupDomain},
        };
    }
}

registry
    .category("views")
    .add("subscription_hold_desk", {...listView, Renderer: HoldDeskRenderer});
