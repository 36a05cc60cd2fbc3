from odoo.tests import HttpCase

# Seconds for all of a tour; one on a small machine that does other things beside takes
# more than Odoo's own sixty. Each step has a patience of its own, in add_tour.js.
PATIENCE = 300


class TourCase(HttpCase):
    """Tours that are not judged by the clock."""

    def start_tour(self, url_path, tour_name, step_delay=None, **options):
        return super().start_tour(
            url_path, tour_name, step_delay, **{"timeout": PATIENCE, **options}
        )
