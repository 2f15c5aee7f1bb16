output "landing" {
  description = "Where to upload event files."
  value       = "gs://${google_storage_bucket.landing.name}/"
}

output "datasets" {
  description = "The datasets, by schema."
  value       = { for schema, dataset in google_bigquery_dataset.this : schema => dataset.dataset_id }
}

output "environment" {
  description = "Settings for a laptop that works on these datasets, as lines of an .env file."
  value       = join("\n", [for name, value in local.environment : "${name}=${value}"])
}

output "github_variables" {
  description = "Variables of the GitHub repository. docs/deployment.md shows how to set them all at once."
  value = {
    GCP_PROJECT                    = var.project
    GCP_REGION                     = var.region
    GCP_ZONE                       = var.zone
    GCP_LOCATION                   = var.location
    GCP_WORKLOAD_IDENTITY_PROVIDER = google_iam_workload_identity_pool_provider.github.name
    ESTORE_DATASET                 = var.dataset
    ESTORE_MAX_BYTES_BILLED        = format("%d", var.max_bytes_billed)
    TF_STATE_BUCKET                = var.state_bucket
  }
}

output "image_repository" {
  description = "Registry for deployed images."
  value       = "${google_artifact_registry_repository.images.location}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}

output "open_dashboard" {
  description = "Command that opens the dashboard on http://localhost:8321, through IAP."
  value       = "gcloud compute start-iap-tunnel ${google_compute_instance.this.name} 8321 --local-host-port=localhost:8321 --zone=${var.zone} --project=${var.project}"
}

output "open_dagster" {
  description = "Command that opens Dagster on http://localhost:3000, through IAP."
  value       = "gcloud compute start-iap-tunnel ${google_compute_instance.this.name} 3000 --local-host-port=localhost:3000 --zone=${var.zone} --project=${var.project}"
}
