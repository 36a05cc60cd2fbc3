import {Interaction} from "@web/public/interaction";
import {registry} from "@web/core/registry";

const PAUSE = 350; // Milliseconds without typing before the effect is asked for
// What the effect depends on: not what the customer writes.
const CHOICES = "input[type=number], input[type=radio], input[type=date]";

/**
 * Shows what a customer's choice comes to while they choose. Without it, a button does:
 * the form is posted with `preview`, and the same page comes back with the effect.
 */
export class SelfService extends Interaction {
    static selector = ".o_subscription_self_service[data-live]";
    dynamicContent = {
        [CHOICES]: {"t-on-input": this.debounced(this.refresh, PAUSE)},
        ".o_subscription_stepper button": {
            "t-on-click.withTarget": this.onStep,
            "t-att-class": () => ({"d-none": false}),
        },
    };

    setup() {
        this.asked = 0;
    }

    onStep(event, button) {
        const input = button.parentElement.querySelector("input");
        const value = (parseFloat(input.value) || 0) + Number(button.dataset.step);
        input.value = Math.max(value, parseFloat(input.min) || 0);
        this.refresh();
    }

    get effect() {
        return this.el.querySelector(".o_subscription_effect");
    }

    async refresh() {
        const asked = ++this.asked;
        this.setBusy(true);
        const data = new FormData(this.el);
        data.set("preview", "1");
        let effect = null;
        try {
            const response = await this.waitFor(
                fetch(this.el.action, {method: "POST", body: data})
            );
            const text = await this.waitFor(response.text());
            const page = new DOMParser().parseFromString(text, "text/html");
            effect = page.querySelector(".o_subscription_effect");
            effect
                ?.querySelector(".o_subscription_figures")
                .prepend(
                    ...page.querySelectorAll(".o_subscription_action > [name=error]")
                );
        } catch {
            // No network: what is on the page stays, and pressing its button tells
        }
        if (asked !== this.asked) {
            return; // Another choice was made meanwhile
        }
        this.setBusy(false);
        if (effect) {
            this.show(effect);
        }
    }

    setBusy(busy) {
        this.effect.setAttribute("aria-busy", busy);
        for (const button of this.effect.querySelectorAll("button")) {
            button.disabled = busy;
        }
    }

    /**
     * What is told aloud stays where it is; only what it says is another.
     */
    show(effect) {
        const figures = this.effect.querySelector(".o_subscription_figures");
        const [told, ...buttons] = effect.children;
        figures.replaceChildren(...told.childNodes);
        while (figures.nextSibling) {
            figures.nextSibling.remove();
        }
        figures.after(...buttons);
        document.querySelector(".o_subscription_action > [name=error]")?.remove();
    }
}

/**
 * Sends a form once, however often its button is pressed.
 */
export class SendOnce extends Interaction {
    static selector = ".o_subscription_self_service";
    dynamicContent = {
        _root: {"t-on-submit": this.onSubmit},
        _window: {"t-on-pageshow": () => (this.isSent = false)},
    };

    setup() {
        this.isSent = false;
    }

    onSubmit(event) {
        if (this.isSent) {
            event.preventDefault();
        }
        this.isSent = true;
    }
}

const interactions = registry.category("public.interactions");
interactions.add("subscriptions.self_service", SelfService);
interactions.add("subscriptions.send_once", SendOnce);
