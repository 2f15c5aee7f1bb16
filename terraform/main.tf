locals {
  labels = {
    app        = "estore"
    managed_by = "terraform"
  }

  bucket = coalesce(var.bucket, "${var.project}-landing")

  # One dataset per schema of the dbt project, and two for the loader (raw, build).
  schemas = {
    raw          = "Lines of loaded files, the ledger and the rejects."
    staging      = "Typed events without repeats."
    intermediate = "What several tables are made of."
    marts        = "Facts and dimensions."
    metrics      = "Numbers with their definitions."
    dashboard    = "What the dashboard's pages sum up."
    build        = "Which days wait to be built, and with which rules they were."
    snapshots    = "What was said of a customer, and when."
  }

  services = toset([
    "artifactregistry", "bigquery", "billingbudgets", "cloudresourcemanager", "compute", "iam",
    "iamcredentials", "iap", "logging", "monitoring", "oslogin", "secretmanager", "serviceusage",
    "storage", "sts",
  ])
}

data "google_project" "this" {
  project_id = var.project
}

resource "google_project_service" "this" {
  for_each = local.services

  project            = var.project
  service            = "${each.value}.googleapis.com"
  disable_on_destroy = false
}
