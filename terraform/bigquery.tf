resource "google_bigquery_dataset" "this" {
  #checkov:skip=CKV_GCP_81:Google's own keys suffice here; README.md says how to bring your own
  for_each = local.schemas

  project       = var.project
  dataset_id    = "${var.dataset}_${each.key}"
  location      = var.location
  description   = each.value
  friendly_name = "${var.dataset} ${each.key}"

  # A destroy stops at a dataset that holds tables.
  delete_contents_on_destroy = false
  # Days that a deleted or overwritten row can be had back.
  max_time_travel_hours = 168

  depends_on = [google_project_service.this]
}
