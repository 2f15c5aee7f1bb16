locals {
  labels = {
    app        = "estore"
    managed_by = "terraform"
  }

  bucket = coalesce(var.bucket, "${var.project}-landing")

  # One dataset per schema of the dbt project, and two for the loader (raw, build).
  schemas = {
    raw          = "Rows of loaded files, the ledger and the rejected rows."
    staging      = "Typed events without duplicates."
    intermediate = "Intermediate tables that several other tables use."
    marts        = "Facts and dimensions."
    metrics      = "Metrics with their definitions."
    dashboard    = "Aggregates for the pages of the dashboard."
    build        = "Pending days, and the rules with which days were built."
    snapshots    = "History of customer attributes."
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
