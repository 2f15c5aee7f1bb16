# A separate network, in which nothing has a public address.
resource "google_compute_network" "this" {
  name                    = "estore"
  project                 = var.project
  auto_create_subnetworks = false

  depends_on = [google_project_service.this]
}

resource "google_compute_subnetwork" "this" {
  name                     = "estore"
  project                  = var.project
  region                   = var.region
  network                  = google_compute_network.this.id
  ip_cidr_range            = "10.20.0.0/28"
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
    metadata             = "EXCLUDE_ALL_METADATA"
  }
}

# Google's proxy (IAP) authenticates users, then forwards. All other traffic is blocked.
resource "google_compute_firewall" "iap" {
  name          = "estore-from-iap"
  project       = var.project
  network       = google_compute_network.this.id
  direction     = "INGRESS"
  source_ranges = ["35.235.240.0/20"]

  target_service_accounts = [google_service_account.pipeline.email]

  allow {
    protocol = "tcp"
    ports    = ["22", "3000", "8321"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

# Outbound only: alerts go to a webhook.
resource "google_compute_router" "this" {
  name    = "estore"
  project = var.project
  region  = var.region
  network = google_compute_network.this.id
}

resource "google_compute_router_nat" "this" {
  name                               = "estore"
  project                            = var.project
  region                             = var.region
  router                             = google_compute_router.this.name
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}
