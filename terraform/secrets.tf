# Names only: you add values by hand (README.md), so no state or log contains them.
locals {
  secrets = {
    alert-url      = "Where alerts go (ESTORE_ALERT_URL)"
    dashboard-auth = "Who may open the dashboard (ESTORE_DASHBOARD_AUTH)"
  }
}

resource "google_secret_manager_secret" "this" {
  for_each = local.secrets

  project   = var.project
  secret_id = "estore-${each.key}"

  annotations = {
    purpose = each.value
  }

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_secret_manager_secret_iam_member" "pipeline" {
  for_each = google_secret_manager_secret.this

  project   = var.project
  secret_id = each.value.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.pipeline.member
}
